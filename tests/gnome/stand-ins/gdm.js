// GDM's library, as far as the Shell's modules name it before anything runs.
const having = (...names) => {
    const made = class {};
    for (const name of names.flatMap(name => [name, `${name}_finish`]))
        made.prototype[name] = () => {};
    return made;
};

export default {
    Client: having('open_reauthentication_channel', 'get_user_verifier'),
    UserVerifierProxy: having('call_begin_verification_for_user', 'call_begin_verification'),
};
