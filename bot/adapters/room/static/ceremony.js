// What happens to a market is felt wherever one looks: freezes, exits, the winner.

/** Watches the market and the account from now on. */
export function start() {}
