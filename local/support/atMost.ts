/** Maps items with limited concurrency, keeping their order. After the first failure, which fails the call, no more are begun. */
export async function atMost<Item, Result>(
  most: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const failures: unknown[] = [];
  const rest = items.entries();
  const lane = async () => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  const stop = (error: unknown) => {
    failures.push(error);
    Array.from(rest); // all lanes take from it, and none finds more
  };
  await Promise.all(Array.from({ length: most }, () => lane().catch(stop)));
  if (failures.length > 0) throw failures[0];
  return results;
}
