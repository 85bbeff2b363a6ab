fn main() -> std::process::ExitCode {
    facelock::cli::run()
}
