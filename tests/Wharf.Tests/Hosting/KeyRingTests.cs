using System.Text;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Hosting;

public sealed class KeyRingTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_sealed_opens_again_also_in_another_process()
    {
        var @sealed = Ring().Seal("robot", "secret"u8);

        Assert.Equal("secret"u8.ToArray(), Ring().Unseal("robot", @sealed));
    }

    [Fact]
    public void Nothing_of_the_secret_shows_and_the_same_secret_never_looks_the_same()
    {
        var ring = Ring();

        var (one, other) = (ring.Seal("robot", "secret"u8), ring.Seal("robot", "secret"u8));

        Assert.NotEqual(one, other);
        Assert.DoesNotContain("secret", Encoding.Latin1.GetString(one), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_changed_byte_is_noticed()
    {
        var ring = Ring();
        var @sealed = ring.Seal("robot", "secret"u8);
        for (var i = 0; i < @sealed.Length; i++)
        {
            var changed = (byte[])@sealed.Clone();
            changed[i] ^= 1;

            Assert.Throws<KeyRingException>(() => ring.Unseal("robot", changed));
            Assert.Throws<KeyRingException>(() => ring.Unseal("robot", @sealed.AsSpan(0, i)));
        }
    }

    [Fact]
    public void A_value_for_one_purpose_is_none_for_another()
    {
        var ring = Ring();

        Assert.Throws<KeyRingException>(() => ring.Unseal("signing", ring.Seal("robot", "secret"u8)));
        Assert.False(ring.Verify("signing", "token"u8, ring.Mac("robot", "token"u8)));
    }

    [Fact]
    public void After_rotation_old_values_open_until_their_key_is_retired()
    {
        var ring = Ring();
        var (oldId, old, mac) = (ring.CurrentId, ring.Seal("robot", "secret"u8), ring.Mac("robot", "token"u8));

        var newId = ring.AddKey();

        Assert.Equal([newId, oldId], ring.Ids);
        Assert.Equal(newId, KeyRing.SealedWith(ring.Seal("robot", "secret"u8)));
        Assert.Equal("secret"u8.ToArray(), Ring().Unseal("robot", old));
        Assert.True(ring.Verify("robot", "token"u8, mac));

        ring.Retire(oldId);

        Assert.Contains(oldId, Assert.Throws<KeyRingException>(() => ring.Unseal("robot", old)).Message, StringComparison.Ordinal);
        Assert.False(ring.Verify("robot", "token"u8, mac));
        Assert.Throws<KeyRingException>(() => ring.Retire(newId));
    }

    [Fact]
    public void A_replica_sees_the_key_that_another_added()
    {
        var (one, other) = (Ring(), Ring());
        _ = other.Mac("robot", "token"u8);

        one.AddKey();

        Assert.Equal("secret"u8.ToArray(), other.Unseal("robot", one.Seal("robot", "secret"u8)));
    }

    [Fact]
    public void A_lost_key_file_is_said_and_named()
    {
        var @sealed = Ring().Seal("robot", "secret"u8);
        File.Delete(_directory.File("keys.json"));

        var fault = Assert.Throws<KeyRingException>(() => Ring().Unseal("robot", @sealed));

        Assert.Contains(_directory.File("keys.json"), fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"current":"0011223344556677","keys":{}}""")]
    [InlineData("""{"current":"0011223344556677","keys":{"0011223344556677":"c2hvcnQ="}}""")]
    [InlineData("""{"current":"X","keys":{"X":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""")]
    [InlineData("""{"current":"0011223344556677","keys":{"0011223344556677":7}}""")]
    public void A_broken_key_file_is_refused_and_kept(string text)
    {
        _directory.Write("keys.json", text);

        Assert.Throws<KeyRingException>(() => Ring().CurrentId);
        Assert.Equal(text, File.ReadAllText(_directory.File("keys.json")));
    }

    [Fact]
    public void The_key_file_is_for_its_owner_only()
    {
        _ = Ring().CurrentId;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File("keys.json")));
        Assert.Equal(["keys.json"], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_file_may_be_elsewhere()
    {
        var elsewhere = _directory.File("elsewhere.json");

        _ = new KeyRing(new KeysOptions { File = elsewhere }, new DataDirectory(_directory.Path), TimeProvider.System).CurrentId;

        Assert.True(File.Exists(elsewhere));
    }

    [Fact]
    public async Task Two_rings_that_meet_a_missing_file_at_once_agree_on_its_keys()
    {
        using var barrier = new Barrier(2);
        var values = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var ring = Ring();
            barrier.SignalAndWait();
            return (Ring: ring, Sealed: ring.Seal("robot", "secret"u8));
        }, TestContext.Current.CancellationToken)));

        Assert.All(values, v => Assert.Equal("secret"u8.ToArray(), Ring().Unseal("robot", v.Sealed)));
    }

    private KeyRing Ring() => new(new KeysOptions(), new DataDirectory(_directory.Path), TimeProvider.System);
}
