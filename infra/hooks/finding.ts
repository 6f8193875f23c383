/** Something to know before anything is made. What is `missing` keeps a deployment from going through. */
export type Finding = {
  readonly is: 'missing' | 'warning';
  readonly what: string;
  readonly fix: string;
};

export const missing = (what: string, fix: string): Finding => ({ is: 'missing', what, fix });
export const warning = (what: string, fix: string): Finding => ({ is: 'warning', what, fix });
