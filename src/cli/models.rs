//! `facelockctl models`.
use super::args::ModelsCommand;
use super::render;

pub fn run(command: &ModelsCommand) -> anyhow::Result<render::Exit> {
    let ModelsCommand::Install { .. } = command;
    anyhow::bail!("not wired yet")
}
