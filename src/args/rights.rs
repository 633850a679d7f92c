//! The arguments of `wardroom rights`.

use clap::{Args, Subcommand};
use wardroom_protocol::messages::Right;
use wardroom_protocol::{RoomName, UserName};

const RIGHTS_HELP: &str = "\
Examples:
  wardroom rights                                        list the rules
  wardroom rights allow ann run --host db1               on db1, only ann and admins run commands
  wardroom rights allow mia run --room ops --host db1    in ops on db1, mia too, who is no operator
  wardroom rights allow ben approve --room ops           in ops, only ben and admins approve
  wardroom rights deny mia run --room ops --host db1     remove the rule that names mia

Rights: run (any command, and typing into terminals), run-named (named commands), approve (what
others propose). Without rules, operators run commands and approve in the rooms that they are
members of, and named commands are for those whom each allows.

The first rule about a right in a room or on a host takes that right from all others there, except
admins: name everybody who shall keep it. You are told who would lose it, and asked. Without a
terminal nobody can be asked: without --yes, nothing is changed and the exit code is 255.

Where there are rules about the room and about the host, both must name the user; one about the host
in that room suffices for both. A rule gives nothing to viewers, to readers of the room, and to
those who are not in it.

Admins make rules; owners of a room those about run-named and approve in it, if they have that right
themselves. Removing the last rule in a place needs --open, since roles decide there again.";

/// `wardroom rights`
#[derive(Args, Debug)]
#[command(after_help = RIGHTS_HELP, args_conflicts_with_subcommands = true)]
pub struct RightsArgs {
    /// The subcommand; without one, the rules are listed.
    #[command(subcommand)]
    pub command: Option<RightsCommand>,
    /// Rules in force in this room
    #[arg(long, value_name = "ROOM")]
    pub room: Option<RoomName>,
    /// Rules in force on this host
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Rules that name this user
    #[arg(long, value_name = "USER")]
    pub user: Option<UserName>,
}

/// The subcommands of `wardroom rights`.
#[derive(Debug, Subcommand)]
pub enum RightsCommand {
    /// Allow somebody to do something in a room, on a host, or on a host in a room
    Allow {
        /// Which rule.
        #[command(flatten)]
        rule: RuleArgs,
        /// Do not ask before the rule takes the right from others
        #[arg(long)]
        yes: bool,
    },
    /// Remove a rule that allows it
    Deny {
        /// Which rule.
        #[command(flatten)]
        rule: RuleArgs,
        /// Remove the last rule, too: roles decide again who has the right there
        #[arg(long)]
        open: bool,
    },
}

/// A rule.
#[derive(Args, Debug)]
pub struct RuleArgs {
    /// User
    pub user: UserName,
    /// Right: run, run-named or approve
    pub right: Right,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// A room, a host, or a host in a room.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub struct PlaceArgs {
    /// Room [default: all]
    #[arg(long, value_name = "ROOM")]
    pub room: Option<RoomName>,
    /// Host [default: all]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
}
