// The book and the house of one outcome as one picture.

/** Draws into `host`. */
export function create() {}
