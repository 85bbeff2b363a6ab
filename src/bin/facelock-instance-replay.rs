fn main() {
    facelock::service::main(facelock::service::RecordedCameras::from_arguments())
}
