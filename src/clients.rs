//! The client commands: converts arguments for `native-client`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wardroom_native_client::commands::{
    self, Attach, Changes, Chat, Dm, Export, Get, HowToStop, Log, Login, LoginTo, Ls, NamedAction, Output, Put,
    RightsAction, Run, Runs, Search, Send, SessionsAction, Shell, Stop,
};
use wardroom_native_client::{Failure, Invite, SavedLogin, Server, Target};
use wardroom_protocol::messages::{Auth, IfExists, RightsList, RightsSet, RunLimits, Signal};
use wardroom_protocol::{CommandName, RoomName, UserName};

use crate::args::{
    Command, CommandCommand, ConnectArgs, DefinitionArgs, ExportArgs, GetArgs, LoginArgs, OutputArgs, PlaceArgs,
    PutArgs, RightsArgs, RightsCommand, RuleArgs, RunArgs, RunsArgs, SearchArgs, ShellArgs, StopArgs, limits,
};

/// Runs a client command; returns the exit code.
pub async fn run(command: Command, connect: ConnectArgs) -> Result<u8, Failure> {
    let json = connect.json;
    let code = match command {
        Command::Login(args) => commands::login(login(args)?).await?,
        Command::Logout => commands::logout(login_file()?).await?,
        Command::Password { password_stdin } => commands::change_password(target(connect)?, password_stdin).await?,
        Command::Sessions { end, end_others } => {
            let action = match (end, end_others) {
                (Some(session), _) => SessionsAction::End(session),
                (None, true) => SessionsAction::EndOthers,
                (None, false) => SessionsAction::List,
            };
            commands::sessions(target(connect)?, action, json).await?
        }
        Command::Run(args) => {
            let target = target(connect).map_err(Failure::before_a_run)?;
            return commands::run(target, run_of(args, json)).await;
        }
        Command::Shell(args) => {
            let target = target(connect).map_err(Failure::before_a_run)?;
            return commands::shell(target, shell(args)).await;
        }
        Command::Attach(args) => {
            let target = target(connect).map_err(Failure::before_a_run)?;
            return commands::attach(target, Attach { run: args.run, control: args.control }).await;
        }
        Command::Chat { room, last, no_wait } => {
            commands::chat(target(connect)?, Chat { room, last, no_wait, json }).await?
        }
        Command::Send { room, text, reply } => {
            commands::send(target(connect)?, Send { room, text: text.join(" "), reply_to: reply, json }).await?
        }
        Command::Dm { to } => commands::dm(target(connect)?, dm(to, json)?).await?,
        Command::Put(args) => commands::put(target(connect)?, put(args, json)).await?,
        Command::Get(args) => commands::get(target(connect)?, get(args, json)).await?,
        Command::Ls { place } => {
            commands::ls(target(connect)?, Ls { place: place.map(|place| (place.room, place.path)), json }).await?
        }
        Command::Runs(args) => commands::runs(target(connect)?, runs(args, json)).await?,
        Command::Output(args) if args.cast => commands::cast(target(connect)?, args.run).await?,
        Command::Output(args) => commands::output(target(connect)?, output(args, json)).await?,
        Command::Stop(args) => commands::stop(target(connect)?, stop(&args, json)).await?,
        Command::Named(args) => match args.command {
            CommandCommand::Run { name, room, raw, args } => {
                let target = target(connect).map_err(Failure::before_a_run)?;
                return commands::run(target, run_named(name, room, args, raw, json)).await;
            }
            command => commands::named(target(connect)?, named(command)?, json).await?,
        },
        Command::Approve { proposal: None } => commands::proposals(target(connect)?, json).await?,
        Command::Approve { proposal: Some(proposal) } => commands::approve(target(connect)?, proposal, json).await?,
        Command::Refuse { proposal } => commands::refuse(target(connect)?, proposal, json).await?,
        Command::Rights(args) => commands::rights(target(connect)?, rights(args), json).await?,
        Command::Hosts => commands::hosts(target(connect)?, json).await?,
        Command::Join { room } => commands::join(target(connect)?, room, json).await?,
        Command::Leave { room } => commands::leave(target(connect)?, room, json).await?,
        Command::Who { room } => commands::who(target(connect)?, room, json).await?,
        Command::Log { room, follow, after, before, limit, last, ids } => {
            let log = Log { room, follow, after, before, limit: limit.or(last), ids, json };
            commands::log(target(connect)?, log).await?
        }
        Command::Search(args) => commands::search(target(connect)?, search(args, json)).await?,
        Command::Export(args) => commands::export(target(connect)?, export(args, json)).await?,
        _ => return Err(Failure::usage("this is no client command")),
    };
    Ok(code as u8)
}

/// Returns the server and the credentials: arguments and environment override the saved login.
fn target(connect: ConnectArgs) -> Result<Target, Failure> {
    let ConnectArgs { server, token, .. } = connect;
    let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
    if let (Some(server), Some(token)) = (&server, &token) {
        return Ok(Target { server: server.clone(), auth: Auth::Token { token: token.clone() }, remember: None });
    }
    let saved = SavedLogin::default_path().map_or(Ok(None), |path| SavedLogin::load(&path)).map_err(Failure::usage)?;
    let Some(saved) = saved else {
        let words = if server.is_some() || token.is_some() {
            "set both --server and --token (or WARDROOM_SERVER and WARDROOM_TOKEN)"
        } else {
            "not signed in; run: wardroom login tcp://HOST:PORT NAME"
        };
        return Err(Failure::usage(words));
    };
    let saved_server: Server = saved.server.parse().map_err(Failure::usage)?;
    // The saved token is sent only to the server that issued it.
    if server.as_ref().is_some_and(|server| *server != saved_server) && token.is_none() {
        return Err(Failure::usage(format!(
            "you are signed in to {saved_server}, not to this server; add --token or sign in first"
        )));
    }
    let token = token.unwrap_or(saved.token);
    Ok(Target { server: server.unwrap_or(saved_server), auth: Auth::Token { token }, remember: None })
}

fn login_file() -> Result<PathBuf, Failure> {
    SavedLogin::default_path().ok_or_else(|| Failure::usage("no home directory to save the login in; set HOME"))
}

fn login(args: LoginArgs) -> Result<Login, Failure> {
    let to = match Invite::parse(&args.url) {
        Some(invite) => LoginTo::Invite(invite.map_err(Failure::usage)?),
        None => LoginTo::Server(args.url.parse().map_err(Failure::usage)?),
    };
    Ok(Login { to, user: args.name, password_stdin: args.password_stdin, file: login_file()? })
}

fn run_of(args: RunArgs, json: bool) -> Run {
    let (limits, wall_s) = limits(&args.limit);
    Run {
        room: args.room,
        command: None,
        argv: args.command,
        hosts: args.hosts,
        label: args.label.into_iter().collect(),
        cwd: args.cwd,
        env: args.env.into_iter().collect(),
        secrets: args.secret,
        limits,
        sandbox: args.sandbox,
        timeout_s: args.timeout.or(wall_s),
        stdin: args.stdin,
        tty: args.tty,
        merge: args.merge,
        detach: args.detach,
        raw: args.raw,
        json,
    }
}

fn run_named(name: CommandName, room: RoomName, args: Vec<String>, raw: bool, json: bool) -> Run {
    Run {
        room,
        command: Some(name),
        argv: args,
        hosts: Vec::new(),
        label: std::collections::BTreeMap::new(),
        cwd: None,
        env: BTreeMap::new(),
        secrets: Vec::new(),
        limits: RunLimits::default(),
        sandbox: Vec::new(),
        timeout_s: None,
        stdin: false,
        tty: false,
        merge: false,
        detach: false,
        raw,
        json,
    }
}

fn rights(args: RightsArgs) -> RightsAction {
    let RightsArgs { command, room, host, user } = args;
    let set = |rule: RuleArgs, allow, open, restrict| {
        let RuleArgs { user, right, place: PlaceArgs { room, host } } = rule;
        RightsAction::Set(RightsSet { right, user, room, host, allow, open, restrict, check: false })
    };
    match command {
        None => RightsAction::List(RightsList { room, host, user, after: None }),
        Some(RightsCommand::Allow { rule, yes }) => set(rule, true, false, yes),
        Some(RightsCommand::Deny { rule, open }) => set(rule, false, open, false),
    }
}

fn named(command: CommandCommand) -> Result<NamedAction, Failure> {
    let changes = |args: DefinitionArgs| Changes {
        about: args.about,
        argv: Some(args.argv).filter(|argv| !argv.is_empty()),
        host: args.host,
        cwd: args.cwd,
        env: Some(args.env.into_iter().collect()).filter(|env: &BTreeMap<_, _>| !env.is_empty()),
        timeout_s: args.timeout,
        sandbox: Some(args.sandbox).filter(|sandbox| args.no_sandbox || !sandbox.is_empty()),
        params: Some(args.param).filter(|params| !params.is_empty()),
        defaults: args.default,
        allow: args.allow,
        approve: args.approve.then_some(true).or(args.no_approve.then_some(false)),
    };
    Ok(match command {
        CommandCommand::Add { name, room, definition } => {
            if definition.argv.is_empty() {
                let words = "what does it run? add -- and the program with its arguments";
                return Err(Failure::usage(words));
            }
            NamedAction::Add(room, name, changes(definition))
        }
        CommandCommand::Edit { name, room, definition } => NamedAction::Edit(room, name, changes(definition)),
        CommandCommand::List { room } => NamedAction::List(room),
        CommandCommand::Show { name, room } => NamedAction::Show(room, name),
        CommandCommand::Remove { name, room } => NamedAction::Remove(room, name),
        CommandCommand::Run { .. } => return Err(Failure::usage("this runs a command")),
    })
}

fn shell(args: ShellArgs) -> Shell {
    let ShellArgs { room, host, cwd, env, secret, timeout, limit, sandbox, fixed, detach, command } = args;
    let (limits, wall_s) = limits(&limit);
    let argv = Some(command).filter(|argv| !argv.is_empty());
    let env = env.into_iter().collect();
    let timeout_s = timeout.or(wall_s);
    Shell { room, argv, host, cwd, env, secrets: secret, limits, sandbox, timeout_s, fixed, detach }
}

fn runs(args: RunsArgs, json: bool) -> Runs {
    let RunsArgs { room, state, host, user, text, limit } = args;
    Runs { room, state, host, user, text, limit, json }
}

fn stop(args: &StopArgs, json: bool) -> Stop {
    let how = match (args.lost, args.kill, args.int) {
        (true, ..) => HowToStop::Lose,
        (_, true, _) => HowToStop::Signal(Signal::Kill),
        (.., true) => HowToStop::Signal(Signal::Int),
        _ => HowToStop::Signal(Signal::Term),
    };
    Stop { run: args.run, how, json }
}

fn output(args: OutputArgs, json: bool) -> Output {
    let OutputArgs { run, follow, from, stdout, stderr, raw, cast: _ } = args;
    let only = if stdout { Some(1) } else { stderr.then_some(2) };
    Output { run, from, only, follow, raw, json }
}

/// The last argument is the text.
fn dm(mut to: Vec<String>, json: bool) -> Result<Dm, Failure> {
    let text = to.pop().unwrap_or_default();
    let user = |name: &String| UserName::parse(name.strip_prefix('@').unwrap_or(name));
    let users = to.iter().map(user).collect::<Result<_, _>>().map_err(|e| Failure::usage(e.to_string()))?;
    Ok(Dm { users, text, json })
}

fn put(args: PutArgs, json: bool) -> Put {
    let if_exists = match (args.replace, args.rename) {
        (true, _) => IfExists::Replace,
        (false, true) => IfExists::Rename,
        (false, false) => IfExists::Fail,
    };
    let place = args.target;
    Put { files: args.files, room: place.room, path: place.path, if_exists, json }
}

fn get(args: GetArgs, json: bool) -> Get {
    Get { room: args.source.room, path: args.source.path, output: args.output, replace: args.replace, json }
}

fn search(args: SearchArgs, json: bool) -> Search {
    let SearchArgs { words, room, by, kind, since, until, limit } = args;
    Search { words, room, by, kind, since, until, limit, json }
}

fn export(args: ExportArgs, json: bool) -> Export {
    let ExportArgs { room, since, until, format, output, files } = args;
    Export { room, since, until, format, output, files, json }
}
