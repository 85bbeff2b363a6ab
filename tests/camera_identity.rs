//! Cameras by identity, over trees like those the kernel shows.
#![allow(clippy::unwrap_used)]

mod camera_tree;

use camera_tree::{Function, Tree, color, gray, probed};
use facelock::camera::{CameraChoice, CameraOptions, list_with};
use facelock::types::Spectrum;

/// A laptop: one USB camera with a color and an infrared function, each with its metadata node.
fn laptop(tree: &mut Tree) {
    let port = "pci0000:00/0000:00:14.0/usb1/1-6";
    tree.usb_device(port, "5986:118c", Some("SN0001"), "6");
    tree.node(
        0,
        port,
        "1-6:1.0",
        probed(
            "uvcvideo",
            "Integrated Camera",
            vec![color(b"MJPG"), color(b"YUYV")],
        ),
    );
    tree.node(1, port, "1-6:1.0", Function::metadata());
    tree.node(
        2,
        port,
        "1-6:1.2",
        probed("uvcvideo", "Integrated Camera", vec![gray(b"GREY")]),
    );
    tree.node(3, port, "1-6:1.2", Function::metadata());
}

const COLOR: &str = "usb:5986:118c:SN0001@usb-0000:00:14.0-6:1.0/color";
const INFRARED: &str = "usb:5986:118c:SN0001@usb-0000:00:14.0-6:1.2/infrared";

#[test]
fn siblings_of_one_device_are_told_apart_and_grouped() {
    let mut tree = Tree::new();
    laptop(&mut tree);
    let cameras = list_with(&tree.options(), &tree);
    let identities: Vec<&str> = cameras
        .iter()
        .map(|camera| camera.identity.as_str())
        .collect();
    assert_eq!(
        identities,
        [COLOR, INFRARED],
        "metadata nodes are no cameras"
    );
    assert_eq!(cameras[0].group, cameras[1].group);
    assert!(cameras.iter().all(|camera| camera.used), "{cameras:?}");
    assert_eq!(
        cameras[0].usb.as_ref().map(|usb| (usb.vendor, usb.product)),
        Some((0x5986, 0x118c))
    );
    assert!(
        cameras[0].reason.ends_with("YUYV 640x480"),
        "{}",
        cameras[0].reason
    );
}

#[test]
fn identity_survives_renumbering_and_another_bus_number() {
    let mut before = Tree::new();
    laptop(&mut before);
    let mut after = Tree::new();
    let port = "pci0000:00/0000:00:14.0/usb3/3-6";
    after.usb_device(port, "5986:118c", Some("SN0001"), "6");
    after.node(
        7,
        port,
        "3-6:1.2",
        probed("uvcvideo", "Integrated Camera", vec![gray(b"GREY")]),
    );
    after.node(
        9,
        port,
        "3-6:1.0",
        probed("uvcvideo", "Integrated Camera", vec![color(b"YUYV")]),
    );
    let identities = |tree: &Tree| {
        let cameras = list_with(&tree.options(), tree);
        cameras
            .into_iter()
            .map(|camera| camera.identity)
            .collect::<Vec<_>>()
    };
    assert_eq!(identities(&before), [COLOR, INFRARED]);
    assert_eq!(identities(&before), identities(&after));
}

#[test]
fn infrared_is_what_the_formats_say_and_never_the_name() {
    let mut tree = Tree::new();
    let port = "pci0000:00/0000:00:14.0/usb1/1-2";
    tree.usb_device(port, "046d:0825", None, "2");
    tree.node(
        0,
        port,
        "1-2:1.0",
        probed(
            "uvcvideo",
            "Infrared IR Camera",
            vec![color(b"YUYV"), gray(b"GREY")],
        ),
    );
    let cameras = list_with(&tree.options(), &tree);
    assert_eq!(cameras[0].spectrum, Some(Spectrum::Color));
    assert_eq!(
        cameras[0].identity,
        "usb:046d:0825:-@usb-0000:00:14.0-2:1.0/color"
    );
}

#[test]
fn a_quirk_may_declare_what_formats_cannot() {
    let mut tree = Tree::new();
    let port = "pci0000:00/0000:00:14.0/usb1/1-2";
    tree.usb_device(port, "046d:085e", None, "2");
    tree.node(
        0,
        port,
        "1-2:1.0",
        probed("uvcvideo", "Brio", vec![color(b"YUYV")]),
    );
    tree.node(
        2,
        port,
        "1-2:1.2",
        probed("uvcvideo", "Brio", vec![color(b"YUYV")]),
    );
    tree.quirk("[[camera]]\nusb = \"046d:085e\"\ninterface = 2\nspectrum = \"infrared\"\nsource = \"test\"\n");
    let spectra: Vec<_> = list_with(&tree.options(), &tree)
        .into_iter()
        .map(|camera| camera.spectrum)
        .collect();
    assert_eq!(spectra, [Some(Spectrum::Color), Some(Spectrum::Infrared)]);
}

#[test]
fn virtual_nodes_are_refused_unless_allowed_whatever_they_claim() {
    let mut tree = Tree::new();
    tree.virtual_node(
        0,
        probed("v4l2 loopback", "Integrated IR Camera", vec![gray(b"GREY")]),
    );
    tree.module_node(
        1,
        "platform/vivid.0",
        "vivid",
        probed("vivid", "vivid", vec![color(b"YUYV")]),
    );
    // A driver that is not known by its name in /sys is by what the node says.
    tree.platform_node(
        2,
        "platform/camera.0",
        "camera",
        probed("vivid", "camera", vec![color(b"YUYV")]),
    );
    let refused = list_with(&tree.options(), &tree);
    assert_eq!(refused.len(), 3);
    assert!(
        refused
            .iter()
            .all(|camera| camera.is_virtual && !camera.used),
        "{refused:?}"
    );
    let allowed = CameraOptions {
        allow_virtual: true,
        ..tree.options()
    };
    assert_eq!(
        list_with(&allowed, &tree)
            .iter()
            .filter(|camera| camera.used)
            .count(),
        2
    );
}

/// A module that no list has makes a device and feeds it pictures; a camera was found by a bus,
/// or described by the firmware.
#[test]
fn a_device_that_a_module_made_is_virtual_whatever_its_driver_is_called() {
    for parent in ["platform/fakecam.0", "faux/fakecam", "fakecam"] {
        let mut tree = Tree::new();
        let camera = probed("fakecam", "Integrated Camera", vec![color(b"YUYV")]);
        tree.module_node(0, parent, "fakecam", camera);
        let cameras = list_with(&tree.options(), &tree);
        assert!(cameras[0].is_virtual && !cameras[0].used, "{cameras:?}");
    }
    let mut tree = Tree::new();
    let path = "pci0000:00/0000:00:1b.0/fakecam";
    let camera = probed("cx23885", "Grabber", vec![color(b"YUYV")]);
    tree.module_node(0, path, "cx23885", camera);
    assert!(!list_with(&tree.options(), &tree)[0].is_virtual);
}

#[test]
fn a_platform_camera_is_real() {
    let mut tree = Tree::new();
    tree.platform_node(
        0,
        "platform/soc/fe801000.csi",
        "unicam",
        probed("unicam", "unicam", vec![color(b"YUYV")]),
    );
    let cameras = list_with(&tree.options(), &tree);
    assert_eq!(
        cameras[0].identity,
        "platform:platform_soc_fe801000.csi/color"
    );
    assert!(cameras[0].used && !cameras[0].is_virtual);
}

#[test]
fn a_configured_identity_is_used_and_no_other() {
    let mut tree = Tree::new();
    laptop(&mut tree);
    let port = "pci0000:00/0000:00:14.0/usb1/1-1";
    tree.usb_device(port, "046d:0825", Some("EXT"), "1");
    tree.node(
        4,
        port,
        "1-1:1.0",
        probed("uvcvideo", "External", vec![color(b"YUYV")]),
    );
    let external = "usb:046d:0825:EXT@usb-0000:00:14.0-1:1.0/color";
    let used = |options: &CameraOptions| {
        let cameras = list_with(options, &tree);
        cameras
            .into_iter()
            .filter(|camera| camera.used)
            .map(|camera| camera.identity)
            .collect::<Vec<_>>()
    };
    let named = CameraOptions {
        color: CameraChoice::Identity(external.into()),
        infrared: CameraChoice::None,
        ..tree.options()
    };
    assert_eq!(used(&named), [external]);
    let gone = CameraOptions {
        color: CameraChoice::Identity("usb:dead:beef:-@usb-x-1:1.0/color".into()),
        ..tree.options()
    };
    assert_eq!(used(&gone), [INFRARED]);
}

#[test]
fn hostile_strings_cannot_pose_as_another_identity() {
    let mut tree = Tree::new();
    let port = "pci0000:00/0000:00:14.0/usb1/1-2";
    tree.usb_device(
        port,
        "046d:0825",
        Some("X@usb-0000:00:14.0-6:1.2/infrared\u{1b}[2J"),
        "2",
    );
    tree.node(
        0,
        port,
        "1-2:1.0",
        probed("uvcvideo", "a", vec![color(b"YUYV")]),
    );
    let identity = &list_with(&tree.options(), &tree)[0].identity;
    assert_eq!(identity.matches('@').count(), 1, "{identity}");
    assert_eq!(identity.matches('/').count(), 1, "{identity}");
    assert!(
        identity.ends_with("@usb-0000:00:14.0-2:1.0/color"),
        "{identity}"
    );
}

#[test]
fn a_node_that_may_not_be_opened_says_so() {
    let mut tree = Tree::new();
    let port = "pci0000:00/0000:00:14.0/usb1/1-2";
    tree.usb_device(port, "046d:0825", None, "2");
    tree.node(0, port, "1-2:1.0", Function::Refused(libc::EACCES));
    let cameras = list_with(&tree.options(), &tree);
    assert!(!cameras[0].used);
    assert!(
        cameras[0].reason.contains("group video"),
        "{}",
        cameras[0].reason
    );
}

#[test]
fn a_malformed_quirk_file_uses_no_camera_and_says_which_file() {
    let mut tree = Tree::new();
    laptop(&mut tree);
    tree.quirk("[[camera]]\nusb = \"5986:118c\"\nsauce = \"typo\"\n");
    let cameras = list_with(&tree.options(), &tree);
    assert!(
        cameras
            .iter()
            .all(|camera| !camera.used && camera.reason.contains("10-test.toml")),
        "{cameras:?}"
    );
}

#[test]
fn no_cameras_and_no_sysfs_is_an_empty_list() {
    let tree = Tree::new();
    assert!(list_with(&tree.options(), &tree).is_empty());
}
