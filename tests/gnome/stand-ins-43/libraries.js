// What only a running Shell has.
/* exported Clutter, Gdm */
function having(...names) {
    const made = class {};
    for (const name of names.flatMap(each => [each, `${each}_finish`]))
        made.prototype[name] = () => {};
    return made;
}

var Clutter = {};
var Gdm = {
    Client: having('open_reauthentication_channel', 'get_user_verifier'),
    UserVerifierProxy: having('call_begin_verification_for_user', 'call_begin_verification'),
};
