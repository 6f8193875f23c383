/** Prompts are models with this tag, and their versions have it too. */
export const promptTag = 'mlflow.prompt.is_prompt';

/** Whether what has these tags is a prompt and no model. */
export function isPrompt(tags: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(tags, promptTag) && tags[promptTag]?.toLowerCase() === 'true';
}
