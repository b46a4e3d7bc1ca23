/** Events or dead letters on a page where no limit is given. */
export const defaultLimit = 100;
