// Who is ahead, with oneself always in sight.

/** Draws into `host`. */
export function create() {}
