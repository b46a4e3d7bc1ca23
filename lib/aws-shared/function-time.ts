/**
 * Milliseconds that the function of a subscription has beyond the subscription's timeout: for its own start, for the
 * handler to stop once it is aborted, and to record how the runs ended.
 */
export const functionMarginMs = 5_000;
