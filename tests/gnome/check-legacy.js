// The same for the extension of GNOME 43 and 44.   gjs -I MODULES -I EXTENSION check-legacy.js
const {ShellUserVerifier} = imports.gdm.util;

let failed = 0;
function same(what, found, wanted) {
    const good = String(found) === String(wanted);
    failed += !good;
    print(`${good ? 'ok' : 'FAILED'}: ${what}: ${found}`);
}

function started(userName, unavailable = []) {
    const asked = [];
    const begin = async service => asked.push(service);
    const verifier = Object.assign(Object.create(ShellUserVerifier.prototype), {
        _unavailableServices: new Set(unavailable),
        _defaultService: 'gdm-password',
        _fingerprintReaderType: 0,
        _hold: {acquire() {}, release() {}},
        _userVerifier: {call_begin_verification_for_user: begin, call_begin_verification: begin},
        _userName: userName,
    });
    verifier._beginVerification();
    return asked;
}

// Whether the Shell begins a service again that has just refused somebody.
function again(service) {
    const failed = [];
    const verifier = Object.assign(Object.create(ShellUserVerifier.prototype), {
        _activeServices: new Set([service]),
        _unavailableServices: new Set(),
        _credentialManagers: {},
        _defaultService: 'gdm-password',
        _messageQueue: [],
        _verificationFailed: (name, retry) => retry && failed.push(name),
    });
    verifier._onConversationStopped(null, service);
    return failed;
}

const extension = imports.extension.init();
same('before', started('alice'), 'gdm-password');
same('control: the Shell begins a service again that refused', again('gdm-face'), 'gdm-face');
extension.enable();
same('beside the password', started('alice'), 'gdm-password,gdm-face');
same('nobody chosen yet', started(null), 'gdm-password');
same('not there', started('alice', ['gdm-face']), 'gdm-password');
same('one look a prompt', again('gdm-face'), '');
same('the password is asked for again', again('gdm-password'), 'gdm-password');
extension.disable();
same('afterwards', started('alice'), 'gdm-password');
same('and begun again', again('gdm-face'), 'gdm-face');
if (failed)
    throw new Error(`${failed} failed`);
