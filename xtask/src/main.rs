//! Development commands, one module each: `cargo xtask help` lists them.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

mod bench;
mod build;
mod fuzz;
mod optimize;
mod package;
mod paths;
mod process;
mod run;
mod schema;
mod screenshots;
mod test;
mod tools;
mod walk;
mod workspace;

/// One command of `cargo xtask`.
struct Command {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// Every command, in the order of the help text.
const COMMANDS: &[Command] = &[
    Command {
        name: "run",
        arguments: "[--headless]",
        summary: "the demo: servers, Firefox with Sockpin and a policy, the lab page",
        run: run::command,
    },
    Command {
        name: "test",
        arguments: "[STEP...]",
        summary: "every check, or only the steps named",
        run: test::command,
    },
    Command {
        name: "build",
        arguments: "",
        summary: "compile the core to WebAssembly; leaves extension/ ready to be loaded",
        run: build::command,
    },
    Command {
        name: "package",
        arguments: "",
        summary: "the same, and target/sockpin.zip, which a store takes and Firefox installs",
        run: package::command,
    },
    Command {
        name: "schema",
        arguments: "",
        summary: "write doc/policy.schema.json, the form of the rules that are exported",
        run: schema::command,
    },
    Command {
        name: "bench",
        arguments: "[ROW...] [--rounds N] [--against FOLDER]",
        summary: "what Sockpin costs, beside extensions that do less and another build of it",
        run: bench::command,
    },
    Command {
        name: "fuzz",
        arguments: "[TARGET...] [--seconds N]",
        summary: "what comes from outside, with inputs that nobody has thought of; needs a nightly compiler",
        run: fuzz::command,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        bail!("which command?");
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return Ok(());
    }
    let command = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .with_context(|| format!("no command `{name}`; `cargo xtask help` lists them"))?;
    (command.run)(rest)
}

fn help() -> String {
    let commands = COMMANDS.iter().map(|command| {
        let usage = format!("{} {}", command.name, command.arguments);
        format!("  {usage:<48}{}\n", command.summary)
    });
    let (steps, rows) = (test::step_names(), bench::row_names());
    let commands = commands.collect::<String>();
    format!("Usage: cargo xtask <command>\n\n{commands}\nSteps of test: {steps}\nRows of bench: {rows}\n")
}
