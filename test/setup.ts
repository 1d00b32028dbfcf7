import fc from 'fast-check';

/**
 * Property tests look somewhere else each time that a person runs them, and print their seed when they find something.
 * CI asks whether a change broke what held, so there they look at the same places each time.
 */
if (process.env.CI === 'true') fc.configureGlobal({ seed: 20_261_121 });
