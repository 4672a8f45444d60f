/** The group of jobs of which nobody says whose they are. */
export const DEFAULT_GROUP = 'default';

/** As names of tokens are, and a little wider: an address of mail fits as well. No colon: see `lineOf`. */
export const GROUP = /^[a-zA-Z0-9][a-zA-Z0-9_.@+-]{0,62}$/;
export const GROUP_RULE =
  'A group takes 1 to 63 of a-z A-Z 0-9 _ . @ + -, and begins with a letter or digit.';
