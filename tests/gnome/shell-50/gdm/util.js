// From GNOME 50 on, services are started elsewhere.
export class ShellUserVerifier {}
