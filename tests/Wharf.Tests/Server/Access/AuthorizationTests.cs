using Xunit.Sdk;

namespace Wharf.Tests.Server.Access;

/// <summary>
/// Every operation of the API against every kind of caller. What is expected is data, tests/data/authorization/*.tsv: one row an
/// operation, one column a caller, the status in the cell. Nobody but those who have a 2xx there gets one.
/// With WHARF_WRITE_AUTHORIZATION=1 the cells that a row does not have yet are written as the program answers, to be reviewed.
/// </summary>
public sealed class AuthorizationTests(AuthorizationRegistry registry) : IClassFixture<AuthorizationRegistry>
{
    private static readonly bool s_write = Environment.GetEnvironmentVariable("WHARF_WRITE_AUTHORIZATION") == "1";

    public static TheoryData<string> Rows() => [.. Load().Select(static r => r.Id)];

    [Theory, MemberData(nameof(Rows))]
    public async Task Each_caller_gets_the_status_of_its_cell(string id)
    {
        var row = Load().Single(r => r.Id == id);
        var aboutPeople = row.Path.StartsWith("/api/v1/user", StringComparison.Ordinal) || row.Path.StartsWith("/api/v1/super", StringComparison.Ordinal) || row.Path.StartsWith("/api/v1/sign", StringComparison.Ordinal);
        var (wrong, found) = (new List<string>(), new List<int>());
        for (var i = 0; i < World.Callers.Length; i++)
        {
            registry.World ??= await World.CreateAsync(registry, null, samePeople: false);
            var answer = await registry.World.SendAsync(World.Callers[i], row.Method, row.Path, row.Body);
            found.Add((int)answer.Status);
            if (i < row.Expected.Length && (int)answer.Status != row.Expected[i])
                wrong.Add($"{World.Callers[i]}: expected {row.Expected[i]}, got {(int)answer.Status} {answer.Text[..Math.Min(200, answer.Text.Length)]}");
            if (row.Method != "GET" && answer.Status < System.Net.HttpStatusCode.BadRequest)
                registry.World = await World.CreateAsync(registry, registry.World, samePeople: !aboutPeople);
        }
        if (row.Expected.Length < World.Callers.Length)
        {
            var lines = await File.ReadAllLinesAsync(row.File, TestContext.Current.CancellationToken);
            lines[0] = string.Join('\t', ["nickname", "method", "path", "body", .. World.Callers]);
            lines[row.Line] += string.Concat(found.Skip(row.Expected.Length).Select(static s => $"\t{s}"));
            await File.WriteAllTextAsync(row.File, string.Join('\n', lines) + "\n", TestContext.Current.CancellationToken);
        }
        if (wrong.Count > 0)
            throw FailException.ForFailure($"{row.Method} {row.Path} {row.Body}\n  {string.Join("\n  ", wrong)}");
    }

    [Fact]
    public async Task Every_operation_has_a_row_and_every_row_an_operation_and_each_is_allowed_to_somebody()
    {
        var rows = Load().ToLookup(static r => r.Nickname);
        var operations = (await Operation.AllAsync()).Where(static o => o.Path.StartsWith("/api/v1/", StringComparison.Ordinal)).Select(static o => o.Nickname).ToList();

        Assert.Equal([], operations.Where(o => !rows.Contains(o)));
        Assert.Equal([], rows.Select(static r => r.Key).Where(r => !operations.Contains(r)));
        Assert.Equal([], rows.Where(static r => r.All(static row => row.Expected.All(static s => s >= 400))).Select(static r => r.Key).Except(
        [
            "listRepoTokens", "createToken", "getTokens", "changeToken", "deleteToken", "changeRepoTrust", // not here, as in Quay
            "deleteTeamMemberEmailInvite", "checkRepoEmailAuthorized", // nobody is asked by mail
            "restoreRepository", "restoreOrganization", // nothing is deleted in this world
            "acceptOrganizationTeamInvite", "declineOrganizationTeamInvite", "convertUserToOrganization", // nobody is invited, and nobody knows the password of another
            "initializeUser", // there are users
            "deleteUserSession", // nobody here has one
            "deleteAssignedAuthorization", // nobody was assigned a token
        ]));
    }

    internal static IEnumerable<Row> Load()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(SourceTree.Root, "tests", "data", "authorization"), "*.tsv").Order(StringComparer.Ordinal))
            foreach (var (number, line) in File.ReadAllLines(file).Index().Skip(1).Where(static l => l.Item.Length > 0))
            {
                var cells = line.Split('\t');
                Assert.True(cells.Length == 4 + World.Callers.Length || s_write, $"{Path.GetFileName(file)}: {line}");
                yield return new Row(cells[0], cells[1], cells[2], cells[3], [.. cells[4..].Select(int.Parse)]) { File = file, Line = number };
            }
    }

    internal sealed record Row(string Nickname, string Method, string Path, string Body, int[] Expected)
    {
        public string File { get; init; } = "";

        public int Line { get; init; }

        public string Id => $"{Nickname} {Method} {Path} {Body}";
    }
}
