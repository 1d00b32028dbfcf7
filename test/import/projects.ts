import { fileURLToPath } from 'node:url';

/** Transcripts as Claude Code leaves them, of two versions, written by hand. A word in all their texts: Zanzibarine. */
export const projects = fileURLToPath(new URL('./projects', import.meta.url));
export const shop = '-home-ada-shop/0b7e6a1c-44d2-4c1b-8d0f-6f1f0f8d1a01.jsonl';
export const atlas = '-home-ada-atlas/5d1c7a52-8a0e-4e0b-9a7e-0f5b2f3f9c02.jsonl';
export const agent = '-home-ada-atlas/5d1c7a52-8a0e-4e0b-9a7e-0f5b2f3f9c02/subagents/agent-a1b2c3.jsonl';
