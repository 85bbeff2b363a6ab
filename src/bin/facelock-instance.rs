fn main() {
    facelock::service::main(facelock::service::DeviceCameras)
}
