/** Day on which the prices were read from Google's public pages. */
export const pricesAsOf: string = "2026-11-22";
