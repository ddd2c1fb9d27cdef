using System.Text.RegularExpressions;
using Wharf.Oci;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.PullStatistics;

/// <summary>How often and when last something was pulled.</summary>
public sealed partial class PullStatisticsTests(CountingRegistry registry) : IClassFixture<CountingRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task A_pull_by_a_tag_counts_for_the_tag_and_its_manifest_and_one_by_the_digest_for_the_manifest()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.PutManifestAsync(repository, "v2", image.Manifest)).Is(201);
        for (var i = 0; i < 3; i++)
            (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v2")).Is(200);
        for (var i = 0; i < 2; i++)
            (await _client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        // Asking whether it is there is no pull, nor is one layer of it.
        (await _client.SendAsync("HEAD", $"/v2/{repository}/manifests/v1")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);

        await CountedAsync(repository, image.Digest, 6);

        Shows(await TagAsync(repository, "v1"), """{"tag_name":"v1","tag_pull_count":3,"last_tag_pull_date":"*","current_manifest_digest":"{digest}","manifest_pull_count":6,"last_manifest_pull_date":"*"}""", image.Digest);
        Shows(await TagAsync(repository, "v2"), """{"tag_name":"v2","tag_pull_count":1,"last_tag_pull_date":"*","current_manifest_digest":"{digest}","manifest_pull_count":6,"last_manifest_pull_date":"*"}""", image.Digest);
        Shows(await ManifestAsync(repository, image.Digest), """{"manifest_digest":"{digest}","manifest_pull_count":6,"last_manifest_pull_date":"*"}""", image.Digest);
    }

    [Fact]
    public async Task What_nobody_has_pulled_has_no_date()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");

        Shows(await TagAsync(repository, "v1"), """{"tag_name":"v1","tag_pull_count":0,"last_tag_pull_date":null,"current_manifest_digest":"{digest}","manifest_pull_count":0,"last_manifest_pull_date":null}""", image.Digest);
        Shows(await ManifestAsync(repository, image.Digest), """{"manifest_digest":"{digest}","manifest_pull_count":0,"last_manifest_pull_date":null}""", image.Digest);
    }

    [Fact]
    public async Task A_tag_keeps_its_count_when_it_moves_and_manifests_theirs()
    {
        var repository = registry.NewRepository();
        var first = await _client.PushImageAsync(repository, "latest");
        (await _client.ReadAsync($"/v2/{repository}/manifests/latest")).Is(200);
        var second = await _client.PushImageAsync(repository, "latest");
        (await _client.ReadAsync($"/v2/{repository}/manifests/latest")).Is(200);

        await CountedAsync(repository, second.Digest, 1);

        await CountedAsync(repository, first.Digest, 1);
        Assert.Equal(2, (await TagAsync(repository, "latest")).Json.GetProperty("tag_pull_count").GetInt64());
    }

    [Fact]
    public async Task The_manifests_of_an_index_count_when_they_are_asked_for()
    {
        var repository = registry.NewRepository();
        var (asked, other) = (await _client.PushImageAsync(repository, "a"), await _client.PushImageAsync(repository, "b"));
        var index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, asked.Manifest), (MediaTypes.OciManifest, other.Manifest));
        (await _client.PutManifestAsync(repository, "multi", index, MediaTypes.OciIndex)).Is(201);

        (await _client.ReadAsync($"/v2/{repository}/manifests/multi")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/{asked.Digest}")).Is(200);

        await CountedAsync(repository, asked.Digest, 1);
        await CountedAsync(repository, Digest.Of(index), 1);
        Assert.Equal(0, await CountAsync(repository, other.Digest));
    }

    [Fact]
    public async Task Pulls_at_the_same_time_are_all_counted()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i => (await _client.ReadAsync($"/v2/{repository}/manifests/{(i % 2 == 0 ? "v1" : image.Digest)}")).Is(200)));

        await CountedAsync(repository, image.Digest, 200);
        Assert.Equal(100, (await TagAsync(repository, "v1")).Json.GetProperty("tag_pull_count").GetInt64());
    }

    [Fact]
    public async Task A_tag_as_of_a_time_is_no_tag_with_a_count()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        await Task.Delay(TimeSpan.FromSeconds(1.1), TestContext.Current.CancellationToken);
        var past = $"v1.at.{TimeProvider.System.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}";

        (await _client.ReadAsync($"/v2/{repository}/manifests/{past}")).Is(200);

        await CountedAsync(repository, image.Digest, 1);
        Assert.Equal(0, (await TagAsync(repository, "v1")).Json.GetProperty("tag_pull_count").GetInt64());
        Assert.Equal(1, await RowsAsync(repository));
    }

    [Fact]
    public async Task What_is_not_there_has_no_statistics()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        await _client.PushImageAsync(repository, "v2");

        (await TagAsync(repository, "v3")).Is(404);
        (await TagAsync(repository, "a%01b")).Is(404);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{Digest.Of([1])}/pull_statistics")).Is(404);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/nonsense/pull_statistics")).Is(404);
        (await _client.ReadAsync($"/api/v1/repository/{registry.NewRepository()}/tag/v1/pull_statistics")).Is(404);
        (await _client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);
        (await TagAsync(repository, "v1")).Is(404);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/pull_statistics")).Is(404);
    }

    [Fact]
    public async Task Pulls_of_whom_the_settings_exclude_are_no_use()
    {
        var repository = registry.NewRepository();
        var scanner = await registry.CreateUserAsync(CountingRegistry.Scanner);
        var image = await _client.PushImageAsync(repository, "v1");
        await _client.GrantAsync(repository, scanner.Name, "read");

        (await scanner.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);

        await CountedAsync(repository, image.Digest, 1);
        Assert.Equal(0, (await TagAsync(repository, "v1")).Json.GetProperty("tag_pull_count").GetInt64());
    }

    [Fact]
    public async Task An_organization_says_whose_pulls_are_no_use()
    {
        var org = await _client.CreateOrganizationAsync();
        var (repository, path) = ($"{org}/app", $"/api/v1/organization/{org}/pullstatistics/exclusions");
        var image = await _client.PushImageAsync(repository, "v1");
        var robot = await registry.CreateRobotAsync(_client, org, "mirror");
        await _client.GrantAsync(repository, $"{org}+mirror", "read");
        (await _client.SendAsync("PUT", $"{path}/{org}+mirror")).Is(204);
        (await _client.SendAsync("PUT", $"{path}/{org}+mirror")).Is(204);
        (await _client.SendAsync("PUT", $"{path}/nobody{Guid.NewGuid():N}")).Is(404);
        (await _client.SendAsync("PUT", $"{path}/{registry.User.Name}+mirror")).Is(400);
        (await _client.SendAsync("PUT", $"{path}/a%00b")).Is(400);
        var listed = (await _client.ReadAsync(path)).Is(200);
        Assert.Equal($$"""{"exclusions":[{"name":"{{org}}\u002Bmirror","kind":"robot","created":"*"}]}""", Date().Replace(listed.Text, "\"*\""));

        (await robot.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        await CountedAsync(repository, image.Digest, 1);

        (await _client.SendAsync("DELETE", $"{path}/{org}+mirror")).Is(204);
        (await _client.SendAsync("DELETE", $"{path}/{org}+mirror")).Is(404);
        (await robot.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        await CountedAsync(repository, image.Digest, 2);
        Assert.Equal("""{"exclusions":[]}""", (await _client.ReadAsync(path)).Is(200).Text);
    }

    [Fact]
    public async Task Counts_go_with_what_was_counted()
    {
        var org = await _client.CreateOrganizationAsync();
        (await _client.SendJsonAsync("PUT", $"/api/v1/organization/{org}", """{"tag_expiration_s":0}""")).Is(200);
        var repository = $"{org}/app";
        var (gone, stays) = (await _client.PushImageAsync(repository, "gone"), await _client.PushImageAsync(repository, "stays"));
        foreach (var tag in (string[])["gone", "stays"])
            (await _client.ReadAsync($"/v2/{repository}/manifests/{tag}")).Is(200);
        await CountedAsync(repository, gone.Digest, 1);
        await CountedAsync(repository, stays.Digest, 1);
        Assert.Equal(4, await RowsAsync(repository));

        (await _client.SendAsync("DELETE", $"/v2/{repository}/manifests/gone")).Is(202);
        await Poll.UntilAsync(async () => await RowsAsync(repository) == 2);
        Assert.Equal(1, (await TagAsync(repository, "stays")).Json.GetProperty("tag_pull_count").GetInt64());

        await using var id = await CommandAsync("SELECT r.id FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE n.name = @ns", ("ns", org));
        var repositoryId = Convert.ToInt64(await id.ExecuteScalarAsync(TestContext.Current.CancellationToken));
        (await _client.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
        await Poll.UntilAsync(async () =>
        {
            await using var rows = await CommandAsync("SELECT count(*) FROM pull_count WHERE repository_id = @repo", ("repo", repositoryId));
            return Convert.ToInt64(await rows.ExecuteScalarAsync(TestContext.Current.CancellationToken)) == 0;
        });
    }

    private Task<Answer> TagAsync(string repository, string tag) => _client.ReadAsync($"/api/v1/repository/{repository}/tag/{tag}/pull_statistics");

    private async Task<Answer> ManifestAsync(string repository, Digest digest) => (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{digest}/pull_statistics")).Is(200);

    private async Task<long> CountAsync(string repository, Digest digest) => (await ManifestAsync(repository, digest)).Json.GetProperty("manifest_pull_count").GetInt64();

    private Task<bool> CountedAsync(string repository, Digest digest, long pulls) => Poll.UntilAsync(async () => await CountAsync(repository, digest) is var counted && counted > pulls ? throw new InvalidOperationException($"{counted} pulls") : counted == pulls);

    private async Task<long> RowsAsync(string repository)
    {
        var name = repository.Split('/');
        await using var rows = await CommandAsync("""
            SELECT count(*) FROM pull_count p JOIN repository r ON r.id = p.repository_id JOIN namespace n ON n.id = r.namespace_id WHERE n.name = @ns AND r.name = @name
            """, ("ns", name[0]), ("name", name[1]));
        return Convert.ToInt64(await rows.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    private async Task<OwningCommand> CommandAsync(string sql, params (string Name, object Value)[] args)
    {
        var connection = await registry.OpenDatabaseAsync();
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in args)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@" + name, value);
            command.Parameters.Add(parameter);
        }
        return new OwningCommand(connection, command);
    }

    private static void Shows(Answer answer, string expected, Digest digest) =>
        Assert.Equal(expected, Date().Replace(answer.Is(200).Text.Replace(digest.ToString(), "{digest}", StringComparison.Ordinal), "\"*\""));

    [GeneratedRegex("\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z\"", RegexOptions.None, 1000)]
    private static partial Regex Date();

    private sealed class OwningCommand(System.Data.Common.DbConnection connection, System.Data.Common.DbCommand command) : IAsyncDisposable
    {
        public Task<object?> ExecuteScalarAsync(CancellationToken ct) => command.ExecuteScalarAsync(ct);

        public async ValueTask DisposeAsync()
        {
            await command.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
