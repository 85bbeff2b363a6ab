// An interface without methods.
export function loadInterfaceXML(name) {
    return `<node><interface name="${name}"/></node>`;
}
