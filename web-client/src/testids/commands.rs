//! Named commands, approvals, and the rules about them.

/// A named command in the panel.
pub const COMMAND_BUTTON: &str = "command-button";
/// The value of a parameter in the form that runs a command.
pub const COMMAND_VALUE: &str = "command-value";
/// What the form would run.
pub const COMMAND_PREVIEW: &str = "command-preview";
/// Runs the named command.
pub const COMMAND_RUN: &str = "command-run";
/// A named command in the settings.
pub const COMMAND_ITEM: &str = "command-item";
/// Defines a command.
pub const COMMAND_ADD: &str = "command-add";
/// Changes a command.
pub const COMMAND_EDIT: &str = "command-edit";
/// Removes a command.
pub const COMMAND_REMOVE: &str = "command-remove";
/// The name of a command.
pub const COMMAND_NAME: &str = "command-name";
/// What a command does.
pub const COMMAND_ABOUT: &str = "command-about";
/// The program and the arguments of a command.
pub const COMMAND_ARGV: &str = "command-argv";
/// The pattern, the description and the default of a parameter, in this order.
pub const COMMAND_PARAM: &str = "command-param";
/// The host of a command.
pub const COMMAND_HOST: &str = "command-host";
/// The folder of a command.
pub const COMMAND_CWD: &str = "command-cwd";
/// Who may run a command.
pub const COMMAND_ALLOW: &str = "command-allow";
/// A command needs an approval.
pub const COMMAND_APPROVE: &str = "command-approve";
/// The card of a proposed run.
pub const PROPOSAL_CARD: &str = "proposal-card";
/// Approves it.
pub const PROPOSAL_APPROVE: &str = "proposal-approve";
/// Refuses it.
pub const PROPOSAL_REFUSE: &str = "proposal-refuse";
/// A rule in the settings.
pub const RULE: &str = "rule";
/// Removes a rule.
pub const RULE_REMOVE: &str = "rule-remove";
/// Whom a new rule names.
pub const RULE_USER: &str = "rule-user";
/// The right that a new rule gives.
pub const RULE_RIGHT: &str = "rule-right";
/// The host that a new rule is about.
pub const RULE_HOST: &str = "rule-host";
/// Makes a rule.
pub const RULE_ADD: &str = "rule-add";
/// Each run in the room needs an approval.
pub const SET_APPROVE: &str = "set-approve";
