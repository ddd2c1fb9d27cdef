namespace Wharf.Tests.Clients;

/// <summary>The script that the documentation shows, as it is, on two replicas that share a PostgreSQL database.</summary>
public sealed class CompanyTests(Server.Replicas.Replicas replicas) : IClassFixture<Server.Replicas.Replicas>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task A_company_works_with_teams_a_robot_and_a_right_that_is_taken_away()
    {
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "what CI built");
        _home.Variables["ADMIN"] = $"admin:{replicas.One.AdminPassword}";
        _home.Variables["PODMAN"] = $"podman --root {_home.At("storage")} --runroot {_home.At("run/storage")} --storage-driver vfs";

        var told = await _home.RunAsync("bash", Path.Combine(SourceTree.Root, "examples", "company.sh"), Url(replicas.One), $"oci:{layout.Folder}:v1", Url(replicas.Two));

        Assert.EndsWith("== Done\n", told, StringComparison.Ordinal);
        Assert.Matches(@"\n40[13] after \d{1,4} ms\n", told);
        Assert.Matches(@"dev\w+ may pull: a grant of read to the team developers", told);
        Assert.Matches(@"contractor\w+ may not pull: nothing gives", told);
        Assert.Matches(@"acme\w+\+ci may pull: a grant of admin to acme\w+\+ci", told);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private static string Url(Server.Registry registry) => registry.Url.ToString().TrimEnd('/');
}
