/** A name that is not taken, and is from now on: two of a kind may take their work from the same place. */
export function distinctName(name: string, taken: Set<string>): string {
  let free = name;
  for (let turn = 2; taken.has(free); turn += 1) free = `${name} #${turn}`;
  taken.add(free);
  return free;
}
