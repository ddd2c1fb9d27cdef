namespace Wharf.Scanner.Tests.Feeds.Publishers;

/// <summary>Feeds that somebody has broken.</summary>
internal static class Hostile
{
    private static readonly byte[] s_likely = [.. "{}[]\",:<>/\\-0\n\u0000"u8, 0xFF, 0xED];

    /// <summary>Reads a document in 500 broken forms, always the same ones: the only exception may be <see cref="InvalidDataException"/>.</summary>
    public static void Mutate<T>(byte[] whole, string path, Func<Stream, string, Action<string>?, IEnumerable<T>> read)
    {
        var random = new Random(9);
        for (var round = 0; round < 500; round++)
        {
            var broken = Break(whole, random);
            try
            {
                foreach (var record in read(new MemoryStream(broken), path, static _ => { }))
                    Assert.NotNull(record);
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    private static byte[] Break(byte[] whole, Random random)
    {
        var bytes = whole.ToList();
        for (var times = random.Next(1, 8); times > 0 && bytes.Count > 4; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = s_likely[random.Next(s_likely.Length)];
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(64, bytes.Count - at + 1)));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 256), bytes.Count - at)));
                    break;
                default:
                    if (random.Next(4) == 0)
                        bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }
}
