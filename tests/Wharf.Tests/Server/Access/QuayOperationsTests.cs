using System.Text;
using Microsoft.AspNetCore.Routing;
using Wharf.Server.Auth;

namespace Wharf.Tests.Server.Access;

/// <summary>docs/quay-api.md: which of Quay's operations there are here. It is made from the program and checked in.</summary>
public sealed class QuayOperationsTests
{
    [Fact]
    public async Task The_table_of_operations_is_that_of_the_program()
    {
        var file = Path.Combine(SourceTree.Root, "docs", "quay-api.md");
        var current = await RenderAsync();

        if (Environment.GetEnvironmentVariable("WHARF_WRITE_DOCS") == "1")
            await File.WriteAllTextAsync(file, current, TestContext.Current.CancellationToken);

        Assert.True(
            File.Exists(file) && current == await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
            "docs/quay-api.md is stale: WHARF_WRITE_DOCS=1 ./test --filter QuayOperationsTests writes it anew.");
    }

    [Fact]
    public async Task An_operation_with_the_name_of_one_of_Quays_has_its_method_and_path()
    {
        var ours = (await Operation.AllAsync()).ToLookup(static o => o.Nickname);

        Assert.Equal([], Quays().Where(q => ours.Contains(q.Nickname) && !ours[q.Nickname].Any(o => o.Method == q.Method && Operation.Shape(o.Path) == Operation.Shape(q.Path)))
            .Select(q => $"{q.Nickname} is {q.Method} {q.Path} there and {string.Join(", ", ours[q.Nickname].Select(static o => $"{o.Method} {o.Path}"))} here"));
    }

    [Fact]
    public async Task An_OAuth_token_needs_for_an_operation_the_scope_that_Quay_says()
    {
        var needed = (await Operation.EndpointsAsync()).Where(static e => e.Metadata.GetMetadata<IEndpointNameMetadata>() is not null)
            .ToDictionary(static e => e.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName, static e => e.Metadata.GetMetadata<RequiresPermission>()!);
        var wrong = new List<string>();
        foreach (var line in File.ReadLines(Path.Combine(SourceTree.Root, "tests", "data", "quay-api.tsv")).Skip(1))
        {
            var cells = line.Split('\t');
            if (cells.Length < 6 || !needed.TryGetValue(cells[3], out var ours) || cells[5] == "-")
                continue;
            // Admins of an organization set quotas for prefixes by the same operations, which ask for the scope themselves.
            if (cells[3] is "createOrganizationQuota" or "changeOrganizationQuota" or "deleteOrganizationQuota" or "createOrganizationQuotaLimit" or "changeOrganizationQuotaLimit" or "deleteOrganizationQuotaLimit")
                continue;
            if (ours.Needed != ScopeText.Parse(cells[5]))
                wrong.Add($"{cells[3]}: {cells[5]} there, {ScopeText.Format(ours.Needed)} here");
        }

        Assert.Equal([], wrong);
    }

    private static async Task<string> RenderAsync()
    {
        var ours = (await Operation.AllAsync()).Where(static o => !o.Path.StartsWith("/v2/", StringComparison.Ordinal)).ToList();
        var here = ours.Select(static o => (o.Method, Operation.Shape(o.Path))).ToHashSet();
        var quays = Quays().Where(static q => q.Part == "accounts").OrderBy(static q => q.Path, StringComparer.Ordinal).ThenBy(static q => q.Method, StringComparer.Ordinal).ToList();
        var theirs = quays.Select(static q => (q.Method, Operation.Shape(q.Path))).ToHashSet();
        var text = new StringBuilder($"""
            # Quay's API of accounts, and what of it is here

            Made by `WHARF_WRITE_DOCS=1 ./test --filter QuayOperationsTests`; do not edit. The name of an operation is Quay's nickname for it.
            Who may call what is in tests/data/authorization/, and each cell of it is tested. Here are {quays.Count(q => here.Contains((q.Method, Operation.Shape(q.Path))))} of {quays.Count}.

            | here | method | path | name |
            |---|---|---|---|

            """);
        foreach (var q in quays)
            text.Append($"| {(here.Contains((q.Method, Operation.Shape(q.Path))) ? "yes" : "")} | {q.Method} | {q.Path.Replace("<", "{", StringComparison.Ordinal).Replace(">", "}", StringComparison.Ordinal)} | {q.Nickname} |\n");
        text.Append("\n## Wharf's own\n\n| method | path | name |\n|---|---|---|\n");
        foreach (var own in ours.Where(o => !theirs.Contains((o.Method, Operation.Shape(o.Path)))).OrderBy(static o => o.Path, StringComparer.Ordinal).ThenBy(static o => o.Method, StringComparer.Ordinal))
            text.Append($"| {own.Method} | {own.Path.Replace("/repository/-", "/repository/{repository}", StringComparison.Ordinal)} | {own.Nickname} |\n");
        return text.ToString();
    }

    private static IEnumerable<(string Part, string Method, string Path, string Nickname)> Quays() =>
        from line in File.ReadLines(Path.Combine(SourceTree.Root, "tests", "data", "quay-api.tsv")).Skip(1)
        let cells = line.Split('\t')
        where cells.Length > 3 && cells[0] != "no"
        select (cells[0], cells[1], cells[2], cells[3]);
}
