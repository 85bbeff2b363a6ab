// What the Shell gives an extension, as far as ours uses it.
export class Extension {}

export class InjectionManager {
    #saved = [];

    overrideMethod(prototype, name, create) {
        const original = prototype[name];
        this.#saved.push(() => (prototype[name] = original));
        prototype[name] = create(original);
    }

    clear() {
        this.#saved.forEach(restore => restore());
        this.#saved = [];
    }
}
