/** The topics that Parley makes for itself. All of them begin with the app, so that two apps share brokers. */
export function journalTopic(app: string, stage: string): string {
  return `${app}-journal-${stage}`;
}

/** Of an internal topic, by its name in the domain. */
export function forwardTopic(app: string, topic: string): string {
  return `${app}-forward-${topic}`;
}

export function deadLetterTopic(app: string): string {
  return `${app}-dead-letters`;
}

/** The two transactional ids of a task: a checkpoint is written while plans go on. */
export function transactionalIds(
  app: string,
  stage: string,
  partition: number,
): { append: string; checkpoint: string } {
  const append = `${app}-${stage}-${partition}`;
  return { append, checkpoint: `${append}-checkpoint` };
}
