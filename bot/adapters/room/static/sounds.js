// Short sounds, off until somebody switches them on.

/** Plays the sound of that name. */
export function play() {}
