// An interface without methods.
/* exported loadInterfaceXML */
function loadInterfaceXML(name) {
    return `<node><interface name="${name}"/></node>`;
}
