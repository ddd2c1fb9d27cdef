using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Recovery;

public sealed class BackupTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_tag_that_was_acknowledged_before_a_backup_pulls_after_its_restore_whatever_was_pushed_and_collected_meanwhile()
    {
        await using var registry = await Registry.StartAsync<CollectingRegistry>();
        var (repository, client) = (registry.NewRepository(), registry.User.Client);
        await client.PushImageAsync(repository, "first");
        await ExecuteAsync(registry.DataDirectory, "UPDATE namespace SET tag_expiration_s = 0");
        var tags = new ConcurrentDictionary<string, Image>();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var pushing = Enumerable.Range(0, 3).Select(i => Task.Run(async () =>
        {
            for (var n = 0; !over.IsCancellationRequested; n++)
            {
                var tag = $"c{i}n{n}";
                tags[tag] = await client.PushImageAsync(repository, tag);
                // Others are deleted, and so there is something to collect all the time.
                await client.PushImageAsync(repository, $"gone{i}");
                (await client.SendAsync("DELETE", $"/v2/{repository}/manifests/gone{i}")).Is(202);
            }
        }, Ct)).ToList();
        await Poll.UntilAsync(() => Task.FromResult(tags.Count > 20));
        using var directory = new TemporaryDirectory();
        var before = tags.ToArray();

        var made = await BackUpAsync(registry.DataDirectory, directory.File("backup"));
        await over.CancelAsync();
        await Task.WhenAll(pushing);

        Assert.Empty(made.GetProperty("missing").EnumerateArray());
        // Nothing holds the collector any more.
        await Poll.UntilAsync(async () => await CountAsync(registry.DataDirectory, "lease WHERE name = 'gc-hold' AND expires_ms > unixepoch() * 1000") == 0);
        await RestoreAsync(directory.File("backup"), directory.File("data"));
        await using var wharf = await RunningWharf.StartAsync(["--data", directory.File("data")], directory: new TemporaryDirectory());
        using var again = Client(wharf.Url, registry.User);
        foreach (var (tag, image) in before)
        {
            Assert.Equal(image.Manifest, (await again.ReadAsync($"/v2/{repository}/manifests/{tag}")).Is(200).Body);
            Assert.Equal(image.Layer, (await again.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
            Assert.Equal(image.Config, (await again.ReadAsync($"/v2/{repository}/blobs/{image.ConfigDigest}")).Is(200).Body);
        }
        // Passwords and tokens are sealed by the key ring, which came along; the trail goes on.
        await again.PushImageAsync(repository, "after");
        Assert.Equal(0, (await RunningWharf.RunAsync(["scrub", "--full", "--data", directory.File("data")], directory.Path)).Code);
        Assert.Equal(0, (await RunningWharf.RunAsync(["audit", "verify", "--data", directory.File("data")], directory.Path)).Code);
    }

    [Fact]
    public async Task A_second_backup_copies_only_what_is_new_and_takes_the_place_of_the_first_with_and_without_a_server()
    {
        await using var registry = await Registry.StartAsync<SqliteRegistry>();
        var account = await registry.CreateUserAsync();
        var repository = $"{account.Name}/app";
        await account.Client.PushImageAsync(repository, "one");
        using var directory = new TemporaryDirectory();
        var backup = directory.File("backup");
        Assert.Equal(2, (await BackUpAsync(registry.DataDirectory, backup)).GetProperty("copied").GetInt64());
        await account.Client.PushImageAsync(repository, "two");
        await registry.StopAsync();
        // What a backup that was killed left.
        await File.WriteAllTextAsync(Path.Join(backup, "20200101T000000-abcdef-wharf.db"), "torn", Ct);

        var second = await BackUpAsync(registry.DataDirectory, backup, "--without-keys");

        Assert.Equal((4, 2, false), (second.GetProperty("objects").GetInt64(), second.GetProperty("copied").GetInt64(), second.GetProperty("keys").GetBoolean()));
        Assert.Equal(3, Directory.GetFiles(backup).Length);
        Assert.DoesNotContain(Directory.GetFiles(backup), static f => f.Contains("keys", StringComparison.Ordinal));
        var restored = await RestoreAsync(backup, directory.File("data"));
        Assert.Contains("no key ring", restored, StringComparison.Ordinal);
        File.Copy(Path.Join(registry.DataDirectory, "keys.json"), Path.Join(directory.File("data"), "keys.json"));
        await using var wharf = await RunningWharf.StartAsync(["--data", directory.File("data")], directory: new TemporaryDirectory());
        using var client = Client(wharf.Url, account);
        Assert.Equal(["one", "two"], (await client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact]
    public async Task A_damaged_backup_is_told_and_nothing_is_restored_over_something()
    {
        await using var registry = await Registry.StartAsync<SqliteRegistry>();
        var account = await registry.CreateUserAsync();
        var image = await account.Client.PushImageAsync($"{account.Name}/app", "latest");
        using var directory = new TemporaryDirectory();
        var backup = directory.File("backup");
        await BackUpAsync(registry.DataDirectory, backup);

        Assert.Contains("is in use by process", (await RunningWharf.RunAsync(["restore", backup, "--data", registry.DataDirectory], directory.Path)).Errors, StringComparison.Ordinal);
        await registry.StopAsync();
        Assert.Contains("has a database already", await RefusedAsync(backup, registry.DataDirectory), StringComparison.Ordinal);
        Assert.Contains("is no backup", await RefusedAsync(registry.DataDirectory, directory.File("none")), StringComparison.Ordinal);

        // A blob: its own file, since it may be the registry's.
        var blob = Assert.Single(Directory.GetFiles(Path.Join(backup, "storage", "blobs"), "*", SearchOption.AllDirectories), f => new FileInfo(f).Length == image.Layer.Length);
        File.Delete(blob);
        await File.WriteAllBytesAsync(blob, Requests.RandomBytes(image.Layer.Length), Ct);
        var told = await RefusedAsync(backup, directory.File("damaged"));
        Assert.Contains(image.LayerDigest.ToString(), told, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(directory.File("damaged"), "blob_placement WHERE state = 'lost'"));

        var metadata = Directory.GetFiles(backup, "*-wharf.db").Single();
        var bytes = await File.ReadAllBytesAsync(metadata, Ct);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(metadata, bytes, Ct);
        Assert.Contains("was changed", await RefusedAsync(backup, directory.File("changed")), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Join(directory.File("changed"), "wharf.db")));
    }

    private static async Task<JsonElement> BackUpAsync(string data, string to, params string[] more)
    {
        var finished = await RunningWharf.RunAsync(["backup", to, "--json", "--data", data, .. more], Path.GetTempPath());
        Assert.True(finished.Code == 0, finished.Output + finished.Errors);
        return JsonDocument.Parse(finished.Output).RootElement.GetProperty("data");
    }

    private static async Task<string> RestoreAsync(string from, string data)
    {
        var finished = await RunningWharf.RunAsync(["restore", from, "--data", data], Path.GetTempPath());
        Assert.True(finished.Code == 0, finished.Output + finished.Errors);
        return finished.Output;
    }

    private static async Task<string> RefusedAsync(string from, string data)
    {
        var finished = await RunningWharf.RunAsync(["restore", from, "--data", data], Path.GetTempPath());
        Assert.True(finished.Code == 1, finished.Output + finished.Errors);
        return finished.Errors;
    }

    private static HttpClient Client(Uri url, Account account)
    {
        var client = new HttpClient { BaseAddress = url };
        var (name, value) = Requests.Basic(account.Name, account.Password);
        client.DefaultRequestHeaders.Add(name, value);
        return client;
    }

    private static async Task ExecuteAsync(string data, string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Join(data, "wharf.db")};Pooling=False");
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<long> CountAsync(string data, string from)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Join(data, "wharf.db")};Pooling=False");
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own
        command.CommandText = $"SELECT count(*) FROM {from}";
#pragma warning restore CA2100
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
