// Asked for nothing in what is run.
export const extensionManager = {};
