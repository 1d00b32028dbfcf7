// A process that answers as a worker of `parley run` does, and ends as its argument says.
const [, , how] = process.argv;
if (how === 'crash') process.exit(1);
if (how === 'refused') process.exit(2);
process.on('message', ({ ask, number }) => {
  if (ask === 'stop' && how !== 'deaf') process.exit(0);
  if (ask !== 'state' || how === 'mute') return;
  const metrics = [
    {
      name: 'parley_events_total',
      help: 'Events',
      type: 'counter',
      aggregator: 'sum',
      values: [{ value: 5, labels: {} }],
    },
  ];
  process.send({ answer: number, readiness: { isReady: true, reasons: [] }, metrics });
});
process.on('disconnect', () => process.exit(0));
