using Wharf.Oci;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Stores;

/// <summary>A place that went from the settings while blobs are in it.</summary>
public sealed class UnnamedLocationTests
{
    private const string Password = "password1";

    [Fact]
    public async Task Its_blobs_are_unavailable_not_absent_and_a_push_brings_them_to_the_new_place()
    {
        using var directory = new TemporaryDirectory();
        var (content, data) = (Requests.RandomBytes(1000), directory.File("data"));
        var path = $"/v2/admin/app/blobs/{Digest.Of(content)}";
        await using (var before = await StartAsync("former"))
            await PushAsync(before);

        await using var after = await StartAsync("new");
        var gone = await after.Client.ReadAsync(path, Basic);
        await PushAsync(after);

        Assert.Equal((503, "5"), ((int)gone.Status, gone.Headers.GetValues("Retry-After").Single()));
        Assert.Equal(content, (await after.Client.ReadAsync(path, Basic)).Is(200).Body);

        Task<RunningWharf> StartAsync(string location) => RunningWharf.StartAsync(["--data", data], [("WHARF_ADMIN_PASSWORD", Password), ($"WHARF__Storage__Locations__{location}__Path", directory.File(location))]);

        async Task PushAsync(RunningWharf wharf) => (await wharf.Client.SendAsync("POST", $"/v2/admin/app/blobs/uploads/?digest={Digest.Of(content)}", content, Basic)).Is(201);
    }

    private static (string Name, string Value) Basic => Requests.Basic("admin", Password);
}
