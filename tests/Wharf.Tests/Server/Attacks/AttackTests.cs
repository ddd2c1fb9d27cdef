using System.Reflection;
using System.Text.RegularExpressions;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Attacks;

/// <summary>
/// Every row of tests/data/attacks.tsv is tried against a running server by the method that carries its id; a row without one
/// fails. After each the server must be alive and must have answered nothing with 5xx. Crashes (D01 to D08) are tested elsewhere.
/// </summary>
public sealed partial class AttackTests(AttackedRegistry registry) : IClassFixture<AttackedRegistry>
{
    private static readonly Dictionary<string, MethodInfo> Methods = typeof(AttackTests).Assembly.GetTypes()
        .Where(t => t.IsSubclassOf(typeof(Checks)))
        .SelectMany(t => t.GetMethods(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public))
        .Where(m => m.GetCustomAttribute<AttackAttribute>() is not null)
        .ToDictionary(m => m.GetCustomAttribute<AttackAttribute>()!.Id);

    private static readonly string[][] Rows =
        [.. File.ReadLines(Path.Combine(SourceTree.Root, "tests", "data", "attacks.tsv")).Skip(1).Select(line => line.Split('\t'))];

    public static IEnumerable<TheoryDataRow<string, string>> Attacks() => Of(slow: false);

    public static IEnumerable<TheoryDataRow<string, string>> SlowAttacks() => Of(slow: true);

    // A row without a check is among the quick ones.
    private static IEnumerable<TheoryDataRow<string, string>> Of(bool slow) => Rows
        .Where(row => Methods.GetValueOrDefault(row[0]) is var method && slow == (method?.GetCustomAttribute<AttackAttribute>()!.Slow is true) && !(PostgresServer.ForEveryRegistry && AsksNoDatabase(method)))
        .Select(static row => new TheoryDataRow<string, string>(row[0], row[2]));

    // Traits of rows do not reach the runner, which enumerates theories when it runs them.
    private static bool AsksNoDatabase(MethodInfo? method) => method?.DeclaringType!.GetCustomAttributes<TraitAttribute>().Any(static t => t is { Name: "Database", Value: "Any" }) is true;

    [Theory, MemberData(nameof(Attacks))]
    public Task The_attack_fails(string id, string request) => FailsAsync(id, request);

    [Theory, MemberData(nameof(SlowAttacks)), Trait("Speed", "Slow")]
    public Task The_slow_attack_fails(string id, string request) => FailsAsync(id, request);

    private async Task FailsAsync(string id, string request)
    {
        Assert.True(Methods.TryGetValue(id, out var method), $"Nothing checks {id}: {request}");
        var before = await ServerErrorsAsync();
        var checks = Activator.CreateInstance(method.DeclaringType!, registry)!;
        try
        {
            await (Task)method.Invoke(checks, null)!;
        }
        finally
        {
            (checks as IDisposable)?.Dispose();
        }

        Assert.Equal(before, await ServerErrorsAsync());
    }

    [Fact]
    public void Every_row_has_a_check_and_every_check_a_row()
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"{Rows.Length} attack rows");

        Assert.Equal(Rows.Select(r => r[0]).Order(StringComparer.Ordinal), Methods.Keys.Order(StringComparer.Ordinal));
    }

    // 501 is an answer; 503 would tell of an outage that no attack may cause.
    private async Task<string[]> ServerErrorsAsync() => [.. ServerErrors().Matches((await registry.Anonymous.ReadAsync("/metrics")).Is(200).Text).Select(m => m.Value)];

    [GeneratedRegex("""^wharf_http_requests[a-z_]*\{[^}]*status="50[02-9]"[^}]*\} .*$""", RegexOptions.Multiline, 1000)]
    private static partial Regex ServerErrors();
}
