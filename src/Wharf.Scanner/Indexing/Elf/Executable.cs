namespace Wharf.Scanner.Indexing.Elf;

/// <summary>Programs and libraries, and what tools left in them of their making.</summary>
internal static class Executable
{
    /// <exception cref="InvalidDataException">It is no ELF file, or what it holds is damaged.</exception>
    public static void Read(ReadOnlyMemory<byte> content, FileReport report)
    {
        var elf = new ElfFile(content);
        GoBuildInfo.Read(elf, report);
        CargoAuditable.Read(elf, report);
        DotnetBundle.Read(content, report);
    }
}
