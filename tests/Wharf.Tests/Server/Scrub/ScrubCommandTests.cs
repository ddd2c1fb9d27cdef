using System.Text.Json;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Scrub;

public sealed class ScrubCommandTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_command_and_the_api_tell_what_was_found_with_and_without_a_server()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var repository = registry.NewRepository();
        var image = await registry.User.Client.PushImageAsync(repository, "latest");
        (string, string)[] environment = registry.Database is { } database ? [("WHARF__Database", database)] : [];
        string[] command = ["scrub", "--full", "--json", "--data", registry.DataDirectory];

        var well = await RunningWharf.RunAsync(command, registry.DataDirectory, environment);
        Assert.Equal(0, well.Code);
        var last = (await registry.Client.ReadAsync("/api/v1/superuser/scrub")).Is(200).Json;
        Assert.Equal(JsonDocument.Parse(well.Output).RootElement.GetProperty("data").GetProperty("last").ToString(), last.GetProperty("last").ToString());
        Assert.Empty(last.GetProperty("findings").EnumerateArray());
        (await registry.User.Client.ReadAsync("/api/v1/superuser/scrub")).Is(403);

        var file = Assert.Single(Directory.GetFiles(Path.Join(registry.DataDirectory, "storage", "blobs"), "*", SearchOption.AllDirectories), f => new FileInfo(f).Length == image.Layer.Length);
        await File.WriteAllBytesAsync(file, Requests.RandomBytes(image.Layer.Length), Ct);
        var damaged = await RunningWharf.RunAsync(command, registry.DataDirectory, environment);

        Assert.Equal(1, damaged.Code);
        var finding = (await registry.Client.ReadAsync("/api/v1/superuser/scrub")).Is(200).Json.GetProperty("findings")[0];
        Assert.Equal($$"""{"id":{{finding.GetProperty("id")}},"kind":"corrupt","digest":"{{image.LayerDigest}}","name":"{{Path.GetRelativePath(Path.Join(registry.DataDirectory, "storage", "blobs"), file)}}","detail":"Its bytes have another digest.","state":"open","at_ms":{{finding.GetProperty("at_ms")}}}""", finding.ToString());
        (await registry.User.Client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(404);
        (await registry.Client.ReadAsync("/api/v1/superuser/scrub?next_page=x")).Is(400);
        Assert.Empty((await registry.Client.ReadAsync($"/api/v1/superuser/scrub?next_page={finding.GetProperty("id")}")).Is(200).Json.GetProperty("findings").EnumerateArray());
        await registry.User.Client.PushImageAsync(repository, "latest", image);

        await registry.StopAsync();
        var text = await RunningWharf.RunAsync(["scrub", "--data", registry.DataDirectory], registry.DataDirectory, environment);
        Assert.Equal(0, text.Code);
        Assert.Contains("2 blobs and 1 manifests were compared", text.Output, StringComparison.Ordinal);
    }
}
