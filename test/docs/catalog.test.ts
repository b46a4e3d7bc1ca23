import { expect, test } from "vitest";
import { standardCatalog } from "../../lib/catalog/index.ts";
import { catalogPage } from "./catalog-page.ts";

test("docs/reference/catalog.md says what the definitions say (`npx vitest run test/docs -u` writes it)", async () => {
  await expect(catalogPage(standardCatalog)).toMatchFileSnapshot("../../docs/reference/catalog.md");
});
