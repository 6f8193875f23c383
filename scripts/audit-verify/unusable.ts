/** Why nothing could be verified, as a line for people. */
export class Unusable extends Error {}
