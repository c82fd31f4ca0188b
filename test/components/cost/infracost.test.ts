import { comparedPrice, type GoldenPrice, goldenPrices } from "../../../bench/goldenPrices.ts";

const title = ({ resource, items }: GoldenPrice) => `${resource}: ${items.join(", ")}`;
const same = goldenPrices.rows.filter(({ differs }) => differs === undefined);

test.each(same.map((price) => [title(price), price] as const))(
  "is within two percent of Infracost for %s",
  (_, price) => {
    expect(comparedPrice(price).error).toBeLessThan(2);
  },
);
