using System.Net;
using System.Text;
using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class OrasTests(Registry registry) : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task Any_file_is_pushed_and_pulled_as_an_artifact()
    {
        var user = await SignInAsync();
        await WriteAsync("chart.yaml", "name: harbour\n");

        await OrasAsync("push", At(user, "charts:1"), "--artifact-type", "application/vnd.example.chart", "chart.yaml:text/yaml");
        Directory.CreateDirectory(_home.At("back"));
        await OrasAsync("pull", At(user, "charts:1"), "-o", _home.At("back"));

        var manifest = await user.Client.ManifestAsync($"{user.Name}/charts", "1");
        Assert.Equal("application/vnd.example.chart", manifest.Json.GetProperty("artifactType").GetString());
        Assert.Equal("name: harbour\n", await File.ReadAllTextAsync(_home.At("back/chart.yaml"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_artifact_says_when_its_tag_ends()
    {
        var user = await SignInAsync();
        await WriteAsync("app.txt", "for a day");

        await OrasAsync("push", At(user, "app:preview"), "--annotation", "quay.expires-after=1d", "app.txt:text/plain");

        var tag = (await user.Client.ReadAsync($"/api/v1/repository/{user.Name}/app/tag/?specificTag=preview")).Is(200).Json.GetProperty("tags")[0];
        Assert.Equal(tag.GetProperty("start_ts").GetInt64() + 86_400, tag.GetProperty("end_ts").GetInt64());
    }

    [Fact]
    public async Task What_is_attached_is_discovered_through_the_referrers_API()
    {
        var user = await SignInAsync();
        await WriteAsync("app.txt", "the subject");
        await WriteAsync("sbom.json", "{}");
        await WriteAsync("scan.json", "[]");
        await OrasAsync("push", At(user, "app:1"), "app.txt:text/plain");

        await OrasAsync("attach", At(user, "app:1"), "--distribution-spec", "v1.1-referrers-api", "--artifact-type", "application/vnd.example.sbom", "--annotation", "made=by-hand", "sbom.json:application/json");
        await OrasAsync("attach", At(user, "app:1"), "--distribution-spec", "v1.1-referrers-api", "--artifact-type", "application/vnd.example.scan", "scan.json:application/json");
        var found = JsonDocument.Parse(await OrasAsync("discover", At(user, "app:1"), "--distribution-spec", "v1.1-referrers-api", "--format", "json")).RootElement;

        Assert.Equal(
            ["application/vnd.example.sbom", "application/vnd.example.scan"],
            found.GetProperty("referrers").EnumerateArray().Select(r => r.GetProperty("artifactType").GetString()!).Order(StringComparer.Ordinal));
        var subject = await user.Client.ManifestAsync($"{user.Name}/app", "1");
        using var filtered = await user.Client.GetAsync($"/v2/{user.Name}/app/referrers/{subject.Digest}?artifactType=application/vnd.example.sbom", TestContext.Current.CancellationToken);
        Assert.Equal("artifactType", filtered.Headers.GetValues("OCI-Filters-Applied").Single());
        var only = Assert.Single(JsonDocument.Parse(await filtered.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("manifests").EnumerateArray());
        Assert.Equal("by-hand", only.GetProperty("annotations").GetProperty("made").GetString());
        Assert.Equal(["1"], await user.Client.TagsAsync($"{user.Name}/app")); // no fallback tag
    }

    [Fact]
    public async Task An_image_is_copied_with_all_that_refers_to_it()
    {
        var user = await SignInAsync();
        await WriteAsync("app.txt", "the subject");
        await WriteAsync("sbom.json", "{}");
        await OrasAsync("push", At(user, "app:1"), "app.txt:text/plain");
        await OrasAsync("attach", At(user, "app:1"), "--artifact-type", "application/vnd.example.sbom", "sbom.json:application/json");

        await _home.RunAsync("oras", "copy", "--from-plain-http", "--to-plain-http", "--recursive", At(user, "app:1"), At(user, "copy:1"));

        var subject = await user.Client.ManifestAsync($"{user.Name}/copy", "1");
        var referrers = JsonDocument.Parse(await user.Client.GetStringAsync($"/v2/{user.Name}/copy/referrers/{subject.Digest}", TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(1, referrers.GetProperty("manifests").GetArrayLength());
    }

    [Fact]
    public async Task Blobs_are_pushed_fetched_and_deleted()
    {
        var user = await SignInAsync();
        await WriteAsync("blob", "just bytes");

        var pushed = JsonDocument.Parse(await OrasAsync("blob", "push", At(user, "bits"), "blob", "--descriptor")).RootElement;
        var digest = pushed.GetProperty("digest").GetString()!;
        var fetched = await OrasAsync("blob", "fetch", At(user, $"bits@{digest}"), "--output", "-");
        await OrasAsync("blob", "delete", At(user, $"bits@{digest}"), "--force");

        Assert.Equal("just bytes", fetched);
        Assert.Equal(HttpStatusCode.NotFound, await user.Client.StatusAsync(HttpMethod.Head, $"/v2/{user.Name}/bits/blobs/{digest}"));
    }

    [Fact]
    public async Task Manifests_are_pushed_fetched_and_deleted()
    {
        var user = await SignInAsync();
        await WriteAsync("app.txt", "with a manifest");
        await OrasAsync("push", At(user, "app:1"), "app.txt:text/plain");

        var bytes = await OrasAsync("manifest", "fetch", At(user, "app:1"));
        await WriteAsync("manifest.json", bytes);
        await OrasAsync("manifest", "push", At(user, "app:again"), "manifest.json");
        var again = await user.Client.ManifestAsync($"{user.Name}/app", "again");
        await OrasAsync("manifest", "delete", At(user, "app:again"), "--force");

        Assert.Equal(Encoding.UTF8.GetBytes(bytes), again.Bytes);
        Assert.Equal(HttpStatusCode.NotFound, await user.Client.StatusAsync(HttpMethod.Get, $"/v2/{user.Name}/app/manifests/{again.Digest}"));
    }

    [Fact]
    public async Task An_index_is_made_of_images_that_are_there()
    {
        var user = await SignInAsync();
        await WriteAsync("a.txt", "a");
        await WriteAsync("b.txt", "b");
        await OrasAsync("push", At(user, "app:a"), "--artifact-platform", "linux/amd64", "a.txt:text/plain");
        await OrasAsync("push", At(user, "app:b"), "--artifact-platform", "linux/arm64", "b.txt:text/plain");

        await OrasAsync("manifest", "index", "create", At(user, "app:all"), "a", "b");

        Assert.Equal(2, (await user.Client.ManifestAsync($"{user.Name}/app", "all")).Children.Length);
    }

    [Fact]
    public async Task Repositories_and_tags_are_listed()
    {
        var user = await SignInAsync();
        await WriteAsync("app.txt", "listed");
        await OrasAsync("push", At(user, "app:2,1,10"), "app.txt:text/plain");

        var repositories = await OrasAsync("repo", "ls", registry.Host);
        var tags = await OrasAsync("repo", "tags", At(user, "app"));

        Assert.Contains($"{user.Name}/app", repositories.Split('\n'));
        Assert.Equal("1\n10\n2\n", tags); // ASCII order
    }

    [Fact]
    public async Task A_push_without_the_right_is_refused_with_a_reason()
    {
        var owner = await registry.CreateUserAsync();
        await SignInAsync();
        await WriteAsync("app.txt", "not here");

        var refusal = await _home.RefusedAsync("oras", "push", "--plain-http", At(owner, "app:1"), "app.txt:text/plain");

        Assert.Matches("(?i)denied|unauthorized|insufficient", refusal);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string At(Account user, string image) => $"{registry.Host}/{user.Name}/{image}";

    private Task WriteAsync(string file, string text) => File.WriteAllTextAsync(_home.At(file), text, TestContext.Current.CancellationToken);

    private Task<string> OrasAsync(params string[] arguments) => _home.RunAsync(["oras", .. arguments, "--plain-http"]);

    private async Task<Account> SignInAsync()
    {
        var user = await registry.CreateUserAsync();
        await _home.RunWithInputAsync(user.Password, "oras", "login", "--plain-http", "-u", user.Name, "--password-stdin", registry.Host);
        return user;
    }
}
