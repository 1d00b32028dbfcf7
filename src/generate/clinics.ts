/** A clinic as it is at the start. The same place in the list is the same clinic, whatever the seed. */
export interface GeneratedClinic {
  readonly code: string;
  readonly name: string;
  readonly zone: string;
  /** How many conversations it has beside the others. */
  readonly weight: number;
  /** 0 to 1: how readily it answers. */
  readonly pace: number;
  readonly channels: readonly string[];
}

const places = [
  ['London', 'Europe/London'],
  ['Manchester', 'Europe/London'],
  ['New York', 'America/New_York'],
  ['Mumbai', 'Asia/Kolkata'],
  ['Berlin', 'Europe/Berlin'],
  ['Kathmandu', 'Asia/Kathmandu'],
  ['Denver', 'America/Denver'],
  ['Adelaide', 'Australia/Adelaide'],
  ['Los Angeles', 'America/Los_Angeles'],
  ["St. John's", 'America/St_Johns'],
  ['Dubai', 'Asia/Dubai'],
  ['Eucla', 'Australia/Eucla'],
  ['Sydney', 'Australia/Sydney'],
  ['Yangon', 'Asia/Yangon'],
  ['Singapore', 'Asia/Singapore'],
  ['Reykjavik', 'Atlantic/Reykjavik'],
] as const;
const kinds = ['Skin Clinic', 'Dermatology Group', 'Aesthetics LLC', 'Dental Studio', 'Wellness Inc'] as const;
const channelMixes = [
  ['whatsapp', 'whatsapp', 'whatsapp', 'sms', 'email'],
  ['sms', 'sms', 'whatsapp', 'webchat'],
  ['email', 'email', 'webchat', 'sms'],
  ['webchat', 'webchat', 'whatsapp', 'email'],
] as const;

export function makeClinics(count: number): GeneratedClinic[] {
  return Array.from({ length: count }, (_, index) => {
    const [place, zone] = places[index % places.length]!;
    const round = Math.floor(index / places.length);
    const kind = kinds[(index + round) % kinds.length]!;
    return {
      code: `CL${String(index).padStart(3, '0')}`,
      name: `${place} ${kind}${round === 0 ? '' : ` ${round + 1}`}`,
      zone,
      // A few large ones and many small ones.
      weight: 1 / (1 + index * 0.35),
      pace: 0.15 + ((index * 37) % 17) / 20,
      channels: channelMixes[index % channelMixes.length]!,
    };
  });
}
