using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// The product tree of a CSAF document: branches end in products and components with their CPE or purl, and relationships join them to the products that
/// the statuses speak of, in as many steps as it takes (an rpm of a module of a product)
/// (https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html, 3.2.2).
/// </summary>
internal sealed class CsafProducts
{
    private const int MaxSteps = 4;

    private readonly Dictionary<string, (string? Purl, string? Cpe)> _helpers = [];
    private readonly Dictionary<string, (string Component, string Product)> _relationships = [];

    public CsafProducts(JsonElement document)
    {
        var tree = document.Member("product_tree");
        var branches = new Stack<JsonElement>(tree?.Items("branches") ?? []);
        while (branches.TryPop(out var branch))
        {
            Add(branch.Member("product"));
            foreach (var child in branch.Items("branches"))
                branches.Push(child);
        }
        foreach (var name in tree?.Items("full_product_names") ?? [])
            Add(name);
        foreach (var relationship in tree?.Items("relationships") ?? [])
        {
            if (relationship.Member("full_product_name")?.Text("product_id") is { } id
                && relationship.Text("product_reference") is { } component && relationship.Text("relates_to_product_reference") is { } product)
            {
                _relationships[id] = (component, product);
            }
        }
    }

    /// <summary>An rpm of a product; null when the identifier names something else, or nothing.</summary>
    public CsafComponent? Find(string id)
    {
        if (!_relationships.TryGetValue(id, out var joined) || _helpers.GetValueOrDefault(joined.Component).Purl is not { } purl || RpmPurl.Parse(purl) is not { } rpm)
            return null;
        string? module = null;
        var product = joined.Product;
        for (var step = 0; step < MaxSteps && _relationships.TryGetValue(product, out var outer); step++)
        {
            module ??= _helpers.GetValueOrDefault(outer.Component).Purl is { } of ? RpmPurl.ModuleOf(of) : null;
            product = outer.Product;
        }
        return _helpers.GetValueOrDefault(product).Cpe is { } cpe && Words.IsWord(cpe) ? new CsafComponent(rpm with { Module = rpm.Module ?? module }, cpe) : null;
    }

    private void Add(JsonElement? product)
    {
        if (product?.Text("product_id") is { } id && product.Value.Member("product_identification_helper") is { } helper)
            _helpers[id] = (helper.Text("purl"), helper.Text("cpe"));
    }
}
