using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Scanner.Feeds;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Security;
using Wharf.Storage.Local;
using Wharf.Tests.Hosting;
using Wharf.Tests.Peers;
using Wharf.Tests.Server.Crashes;

namespace Wharf.Tests.Server.Security;

/// <summary>Feeds are fetched from a publisher that serves real slices of them, well and badly.</summary>
public sealed class FeedUpdateTests : IAsyncLifetime
{
    private const string Kev = "kev/known_exploited_vulnerabilities.json";
    private const string Dsa = "debian/DSA.list";
    private const string Dla = "debian/DLA.list";
    private const string PyPI = "osv/PyPI/all.zip";
    private static readonly DateTimeOffset s_then = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] s_names = ["debian-advisories", "kev", "osv-PyPI"];

    private readonly TemporaryDirectory _directory = new();
    private FeedPeer _peer = null!;
    private WebApplication _wharf = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _peer = await FeedPeer.StartAsync();
        _peer.Put(Kev, Slice("kev/known_exploited_vulnerabilities.json"), s_then);
        _peer.Put(Dsa, Slice("debian-2023-04/DSA.list"), s_then);
        _peer.Put(Dla, Slice("debian-2023-04/DLA.list"), s_then.AddHours(1));
        _peer.Put(PyPI, Slice("osv/PyPI/all.zip"), s_then);
        _wharf = await OpenAsync("data", "20s");
    }

    public async ValueTask DisposeAsync()
    {
        await _wharf.DisposeAsync();
        Assert.Empty(_peer.Faults);
        await _peer.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_did_not_change_is_not_fetched_again(bool tags)
    {
        _peer.Tags = tags;
        foreach (var (path, file) in new[] { (Kev, "kev/known_exploited_vulnerabilities.json"), (Dsa, "debian-2023-04/DSA.list"), (Dla, "debian-2023-04/DLA.list"), (PyPI, "osv/PyPI/all.zip") })
            _peer.Put(path, Slice(file), s_then);

        Assert.True((await UpdateAsync()).Done);
        var first = await ListAsync();
        Assert.Equal(["200 /debian/DLA.list", "200 /debian/DSA.list", "200 /kev/known_exploited_vulnerabilities.json", "200 /osv/PyPI/all.zip"], _peer.Answers.Order(StringComparer.Ordinal));
        Assert.Equal(s_names, first.Select(static f => f.Name));
        Assert.All(first, static f => Assert.Equal((s_then.ToString("O", CultureInfo.InvariantCulture), null), (f.Date, f.Problem)));
        _peer.Behave();

        Assert.True((await UpdateAsync()).Done);
        Assert.Equal(first, await ListAsync());
        Assert.Equal(4, _peer.Answers.Count);
        Assert.All(_peer.Answers, static a => Assert.StartsWith("304 ", a));
        Assert.False(Directory.Exists(_directory.File("data/feeds/download")));
    }

    [Fact]
    public async Task A_changed_file_makes_a_new_revision_with_those_that_did_not_change()
    {
        await UpdateAsync();
        var before = await ListAsync();
        _peer.Behave();
        _peer.Put(Dsa, [.. Encoding.UTF8.GetBytes("[02 Apr 2026] DSA-9999-1 wharf - security update\n\t{CVE-2026-99999}\n\t[bullseye] - wharf 1.0-1\n"), .. Slice("debian-2023-04/DSA.list")], s_then.AddDays(1));

        Assert.True((await UpdateAsync()).Done);

        var after = await ListAsync();
        Assert.True(after[0].Statements > before[0].Statements);
        Assert.NotEqual(before[0].Revision, after[0].Revision);
        Assert.Equal(before[1..], after[1..]);
        Assert.Equal(["200 /debian/DSA.list", "304 /debian/DLA.list", "304 /kev/known_exploited_vulnerabilities.json", "304 /osv/PyPI/all.zip"], _peer.Answers.Order(StringComparer.Ordinal));
        _peer.Behave();
        await UpdateAsync();
        Assert.All(_peer.Answers, static a => Assert.StartsWith("304 ", a));
    }

    [Theory]
    [InlineData(Kev, "cut with a length", "ended|reset")]
    [InlineData(Kev, "cut without a length", "ended|reset")]
    [InlineData(Kev, "fewer bytes, as promised", "JSON|kev")]
    [InlineData(PyPI, "fewer bytes, as promised", "zip")]
    [InlineData(Dsa, "fewer bytes, as promised", "cut off|DSA")]
    [InlineData(Kev, "a page", "it is a web page")]
    [InlineData(Kev, "a page that says it is JSON", "kev|JSON")]
    [InlineData(PyPI, "a page that says it is JSON", "zip")]
    [InlineData(Dsa, "a page that says it is JSON", "cut off|DSA")]
    [InlineData(Kev, "500", "500 Internal Server Error")]
    [InlineData(Kev, "404", "404 Not Found")]
    [InlineData(Kev, "403", "403 Forbidden")]
    [InlineData(Kev, "too many gigabytes", "more than 2147483648 bytes")]
    [InlineData(Kev, "leads to another host", "neither https nor on the same host")]
    [InlineData(Kev, "leads in a circle", "more than 5 times")]
    [InlineData(Kev, "busy for a day", "asks to be left alone")]
    [InlineData(Kev, "empty", "JSON|kev")]
    public async Task Where_one_file_cannot_be_had_its_feed_stays_and_the_others_go_on(string path, string misdeed, string problem)
    {
        await UpdateAsync();
        var before = await ListAsync();
        var (bad, other) = path == Kev ? ("kev", PyPI) : (path == PyPI ? "osv-PyPI" : "debian-advisories", Kev);
        var (changed, at) = (Changed(path), s_then.AddDays(1));
        _peer.Put(path, changed, at);
        _peer.Put(other, Changed(other), at);

        // The others are asked when the bad one is done with, or before.
        Assert.False((await UpdateAsync(() => _peer.Misbehave(Misdeed(misdeed), 8), [bad])).Done);
        _peer.Behave();
        var told = (await ListAsync()).Single(f => f.Name == bad);
        Assert.Matches(problem, told.Problem);
        Assert.Equal(before.Single(f => f.Name == bad), told with { Problem = null });

        Assert.True((await UpdateAsync()).Done);
        var after = await ListAsync();
        Assert.All(after, static f => Assert.Null(f.Problem));
        Assert.All([bad, other == Kev ? "kev" : "osv-PyPI"], name => Assert.NotEqual(before.Single(f => f.Name == name).Revision, after.Single(f => f.Name == name).Revision));
    }

    [Fact]
    public async Task A_changed_file_that_says_the_same_is_fetched_once()
    {
        _peer.Tags = true;
        await UpdateAsync(null, ["kev"]);
        var before = (await ListAsync()).Single();
        _peer.Put(Kev, [.. Slice("kev/known_exploited_vulnerabilities.json"), (byte)'\n'], s_then.AddDays(1));

        Assert.True((await UpdateAsync(null, ["kev"])).Done);
        Assert.True((await UpdateAsync(null, ["kev"])).Done);

        Assert.Equal([$"200 /{Kev}", $"304 /{Kev}"], _peer.Answers.Skip(_peer.Answers.Count - 2));
        Assert.Equal(before with { Date = s_then.AddDays(1).ToString("O", CultureInfo.InvariantCulture) }, (await ListAsync()).Single());
    }

    [Fact]
    public async Task A_feed_that_never_came_is_listed_with_the_reason_until_it_comes()
    {
        _peer.Misbehave(Misdeed("404"), 8);
        Assert.False((await UpdateAsync(null, ["kev"])).Done);
        _peer.Behave();
        var failed = (await RunAsync(_wharf, "feeds.list", [])).Data!["failed"]!.AsArray();
        Assert.Equal("kev", (string)Assert.Single(failed)!["name"]!);
        Assert.Contains("404 Not Found", (string)failed[0]!["problem"]!, StringComparison.Ordinal);
        Assert.Empty(await ListAsync());

        Assert.True((await UpdateAsync(null, ["kev"])).Done);
        Assert.Empty((await RunAsync(_wharf, "feeds.list", [])).Data!["failed"]!.AsArray());
        Assert.Single(await ListAsync());
    }

    [Fact]
    public async Task One_feed_that_fails_holds_up_no_other()
    {
        await UpdateAsync();
        _peer.Put(Kev, Changed(Kev), s_then.AddDays(1));
        _peer.Put(Dsa, "<html>"u8.ToArray(), s_then.AddDays(1));
        var before = await ListAsync();

        var result = await UpdateAsync();

        Assert.False(result.Done);
        var after = await ListAsync();
        Assert.Equal((before[0].Revision, true), (after[0].Revision, after[0].Problem is not null));
        Assert.NotEqual(before[1].Revision, after[1].Revision);
        Assert.Equal(before[2], after[2]);
    }

    [Fact]
    public async Task A_download_that_was_cut_is_continued()
    {
        _peer.Misbehave((http, bytes) => CutAsync(http, bytes, bytes.Length / 2, withLength: true));
        _peer.Misbehave(static (http, _) =>
        {
            http.Response.StatusCode = 503;
            http.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        });

        Assert.True((await UpdateAsync(null, ["osv-PyPI"])).Done);
        Assert.Equal(["- /osv/PyPI/all.zip", "- /osv/PyPI/all.zip", "206 /osv/PyPI/all.zip"], _peer.Answers);
        var revision = (await ListAsync()).Single().Revision;

        Assert.True((await UpdateAsync(null, ["osv-PyPI"], force: true)).Done);
        Assert.Equal("200 /osv/PyPI/all.zip", _peer.Answers[^1]);
        Assert.Equal(revision, (await ListAsync()).Single().Revision);
    }

    [Fact]
    public async Task A_file_that_comes_too_slowly_is_given_up()
    {
        await using var hasty = await OpenAsync("hasty", "3s");
        _peer.Misbehave(async (http, bytes) =>
        {
            foreach (var value in bytes)
            {
                await http.Response.Body.WriteAsync(new[] { value }, http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(TimeSpan.FromSeconds(1), http.RequestAborted);
            }
        });
        var began = TimeProvider.System.GetTimestamp();

        var result = await RunAsync(hasty, "feeds.update", new JsonObject { ["names"] = new JsonArray("kev"), ["force"] = false });

        Assert.False(result.Done);
        Assert.Contains("did not come within 00:00:03", result.Message, StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Older_and_much_smaller_files_are_taken_by_force_alone()
    {
        await UpdateAsync();
        var before = await ListAsync();

        _peer.Put(Kev, Changed(Kev), s_then.AddDays(-1));
        Assert.False((await UpdateAsync(null, ["kev"])).Done);
        Assert.Equal(before[1].Revision, (await ListAsync())[1].Revision);
        Assert.Contains("older than what there is", (await ListAsync())[1].Problem, StringComparison.Ordinal);
        Assert.True((await UpdateAsync(null, ["kev"], force: true)).Done);
        Assert.NotEqual(before[1].Revision, (await ListAsync())[1].Revision);

        var dsa = Slice("debian-2023-04/DSA.list");
        _peer.Put(Dsa, dsa[..(dsa.AsSpan(0, dsa.Length / 2).LastIndexOf("\n["u8) + 1)], s_then.AddDays(2));
        Assert.False((await UpdateAsync(null, ["debian-advisories"])).Done);
        Assert.Equal(before[0], (await ListAsync())[0] with { Problem = null });
        Assert.Contains("seems to be cut off", (await ListAsync())[0].Problem, StringComparison.Ordinal);
        Assert.True((await UpdateAsync(null, ["debian-advisories"], force: true)).Done);
        Assert.InRange((await ListAsync())[0].Statements, 1, before[0].Statements * 0.9);
    }

    [Fact]
    public async Task What_one_server_exports_another_imports_to_the_same_revisions()
    {
        await UpdateAsync();
        var exported = _directory.File("exported");
        Assert.True((await RunAsync(_wharf, "feeds.export", new JsonObject { ["directory"] = exported })).Done);
        await using var other = await OpenAsync("other", "20s");

        Assert.True((await RunAsync(other, "feeds.import", new JsonObject { ["directory"] = exported })).Done);

        Assert.Equal(await ListAsync(), await ListAsync(other));
    }

    [Fact]
    public async Task Addresses_that_change_with_the_content_are_followed()
    {
        _peer.Put("mirror.list", Encoding.UTF8.GetBytes($"{_peer.Url}guids/0123/x86_64/\n{_peer.Url}unused/\n"), s_then);
        _peer.Put("guids/0123/x86_64/repodata/repomd.xml", """<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><location href="repodata/p.xml.gz"/></data><data type="updateinfo"><location href="repodata/u.xml.gz"/></data></repomd>"""u8.ToArray(), s_then);
        _peer.Put("guids/0123/x86_64/repodata/u.xml.gz", "the updates"u8.ToArray(), s_then.AddDays(3));
        _peer.Put("archive_latest.txt", "csaf_vex_2026-03-01.tar.zst\n"u8.ToArray(), s_then);
        _peer.Put("csaf_vex_2026-03-01.tar.zst", "the archive"u8.ToArray(), s_then);
        _peer.Put("elsewhere.txt", "http://localhost/csaf_vex.tar.zst"u8.ToArray(), s_then);
        using var download = new FeedDownload(new SecurityOptions(), TimeProvider.System);
        var path = _directory.File("fetched");

        Assert.NotNull(await download.FetchAsync(new FeedSource("amazon/2023/updateinfo.xml.gz", _peer.Url + "mirror.list", FeedPointers.Repository, FeedPointers.UpdateInfo), null, path, Ct));
        Assert.Equal("the updates", await File.ReadAllTextAsync(path, Ct));
        Assert.Equal(s_then.AddDays(3).UtcDateTime, File.GetLastWriteTimeUtc(path));
        var archive = new FeedSource("redhat/vex/archive.tar.zst", _peer.Url + "archive_latest.txt", FeedPointers.FirstLine);
        var fetched = await download.FetchAsync(archive, null, path, Ct);
        Assert.Equal("the archive", await File.ReadAllTextAsync(path, Ct));
        Assert.Null(await download.FetchAsync(archive, fetched!.Validator, path, Ct));
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => download.FetchAsync(new FeedSource("a", _peer.Url + "elsewhere.txt", FeedPointers.FirstLine), null, path, Ct));
        Assert.Contains("neither https nor on the same host", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_source_is_a_file_of_its_feed()
    {
        Assert.All(FeedCatalogue.Fetched(), static feed =>
        {
            Assert.NotEmpty(feed.Sources);
            Assert.All(feed.Sources, source => Assert.True(feed.Owns(source.Path) && source.Url.StartsWith("https://", StringComparison.Ordinal), source.Path));
            Assert.Equal(feed.Name, FeedCatalogue.Find(feed.Name)!.Name);
        });
        Assert.All(["osv-", "osv-..", "osv-../..", "osv-a/b", "nothing"], static name => Assert.Null(FeedCatalogue.Find(name)));
    }

    [Fact]
    public async Task The_server_asks_by_itself_when_it_is_told_how_often()
    {
        var data = _directory.File("asking");
        await using var wharf = await InProcessWharf.StartAsync(data, new LocalDriver(InProcessWharf.Storage(data)),
            $"Security:\n  Mirror: {_peer.Url}\n  UpdateEvery: 1s\n  Feeds: [kev]\n");

        await Poll.UntilAsync(async () => await wharf.Services.GetRequiredService<FeedStore>().FindAsync("kev", Ct) is not null, TimeSpan.FromMinutes(1));
        _peer.Put(Kev, Changed(Kev), s_then.AddDays(1));
        await Poll.UntilAsync(async () => (await wharf.Services.GetRequiredService<FeedStore>().FindAsync("kev", Ct))!.DateMs == s_then.AddDays(1).ToUnixTimeMilliseconds(), TimeSpan.FromMinutes(1));
    }

    private static byte[] Slice(string path)
    {
        var at = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Join(at, "tests", "data")))
            at = Path.GetDirectoryName(at)!;
        return File.ReadAllBytes(Path.Join(at, "tests", "data", "vulndata", path));
    }

    /// <summary>The file with one statement more.</summary>
    private static byte[] Changed(string path)
    {
        if (path == Dsa)
            return [.. Encoding.UTF8.GetBytes("[02 Apr 2026] DSA-9998-1 wharf - security update\n\t{CVE-2026-99998}\n\t[bullseye] - wharf 1.0-1\n"), .. Slice("debian-2023-04/DSA.list")];
        if (path == Kev)
        {
            var kev = JsonNode.Parse(Slice("kev/known_exploited_vulnerabilities.json"))!;
            var one = kev["vulnerabilities"]![0]!.DeepClone();
            one["cveID"] = "CVE-2026-99997";
            kev["vulnerabilities"]!.AsArray().Add(one);
            return Encoding.UTF8.GetBytes(kev.ToJsonString());
        }
        using var bytes = new MemoryStream();
        bytes.Write(Slice("osv/PyPI/all.zip"));
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Update, leaveOpen: true))
        using (var entry = zip.CreateEntry("PYSEC-2026-99999.json").Open())
            entry.Write(Encoding.UTF8.GetBytes(FeedsInTest.Record("PYSEC-2026-99999", "CVE-2026-99996", "PyPI", "wharf", "1.0")));
        return bytes.ToArray();
    }

    private static Func<HttpContext, byte[], Task> Misdeed(string name) => name switch
    {
        "cut with a length" => static (http, bytes) => CutAsync(http, bytes, bytes.Length / 3, withLength: true),
        "cut without a length" => static (http, bytes) => CutAsync(http, bytes, bytes.Length / 3, withLength: false),
        "fewer bytes, as promised" => static (http, bytes) =>
        {
            http.Response.ContentLength = bytes.Length / 2;
            return http.Response.Body.WriteAsync(bytes.AsMemory(0, bytes.Length / 2)).AsTask();
        }
        ,
        "a page" => static (http, _) =>
        {
            http.Response.ContentType = "text/html; charset=utf-8";
            return http.Response.WriteAsync("<html><body>Sign in to the hotel's network</body></html>");
        }
        ,
        "a page that says it is JSON" => static (http, _) =>
        {
            http.Response.ContentType = "application/json";
            return http.Response.WriteAsync("<html><body>Sign in to the hotel's network</body></html>");
        }
        ,
        "too many gigabytes" => static async (http, bytes) =>
        {
            http.Response.ContentLength = 3L << 30;
            await http.Response.Body.WriteAsync(bytes);
            await http.Response.Body.FlushAsync();
            http.Abort();
        }
        ,
        "leads to another host" => static (http, _) =>
        {
            http.Response.Redirect("http://localhost:1/");
            return Task.CompletedTask;
        }
        ,
        "leads in a circle" => static (http, _) =>
        {
            http.Response.Redirect(http.Request.Path);
            return Task.CompletedTask;
        }
        ,
        "busy for a day" => static (http, _) =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "86400";
            return Task.CompletedTask;
        }
        ,
        "empty" => static (_, _) => Task.CompletedTask,
        _ => (http, _) =>
        {
            http.Response.StatusCode = int.Parse(name, CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        }
        ,
    };

    private static async Task CutAsync(HttpContext http, byte[] bytes, int after, bool withLength)
    {
        if (withLength)
            http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes.AsMemory(0, after));
        await http.Response.Body.FlushAsync();
        // What is still in the socket when it is reset would be lost.
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        http.Abort();
    }

    private static async Task<AdminResult> RunAsync(WebApplication wharf, string command, JsonObject arguments)
    {
        using var document = JsonDocument.Parse(arguments.ToJsonString());
        return await wharf.Services.GetServices<AdminCommand>().Single(c => c.Name == command).Run(wharf.Services, document.RootElement, Ct);
    }

    /// <summary>A Wharf on a data directory of its own, which runs commands and no workers, and whose feeds come from the peer.</summary>
    private async Task<WebApplication> OpenAsync(string name, string fetchTime)
    {
        var config = _directory.Write(name + ".yaml", $"Security:\n  Mirror: {_peer.Url}\n  FetchTime: {fetchTime}\n  Feeds: [{string.Join(", ", s_names)}]\n");
        var prepared = ServerApp.Prepare(new Launch { Data = _directory.File(name), Config = config }, ContentAtRest.Slices());
        prepared.Data.Open();
        var app = prepared.BuildForCommand();
        await ServerApp.RunStartupStepsAsync(app, Ct);
        return app;
    }

    private Task<AdminResult> UpdateAsync(Action? first = null, string[]? names = null, bool force = false)
    {
        first?.Invoke();
        return RunAsync(_wharf, "feeds.update", new JsonObject { ["names"] = new JsonArray([.. (names ?? []).Select(static n => (JsonNode)n)]), ["force"] = force });
    }

    private async Task<List<Listed>> ListAsync(WebApplication? wharf = null) =>
        [.. (await RunAsync(wharf ?? _wharf, "feeds.list", [])).Data!["feeds"]!.AsArray()
            .Select(static f => new Listed((string)f!["name"]!, (string)f["revision"]!, (string)f["date"]!, (long)f["statements"]!, (string?)f["problem"]))];

    private sealed record Listed(string Name, string Revision, string Date, long Statements, string? Problem);
}
